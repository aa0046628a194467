"""A repository that was never made for the orchestrator gets an `orchestrator.toml`, over real git."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orchestrator.adoption.draft import Draft, draft
from orchestrator.adoption.reasons import Reason
from orchestrator.adoption.write import Accounts
from orchestrator.build.template import LARGEST_TEMPLATE
from orchestrator.config.environment import Environment, Target
from orchestrator.config.load import load_organization
from orchestrator.config.tooling import Tooling
from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.local_git import LocalGitRepository
from tests.git_repository import GitRepository

ACCOUNTS = Accounts(
    Tooling(account="111111111111", region="eu-west-1"),
    (
        Environment(name="dev", targets=(Target(account="222222222222", region="eu-west-1"),)),
        Environment(name="prod", targets=(Target(account="333333333333", region="eu-west-1"),), requires_approval=True),
    ),
)
SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Table: {Type: String}
  Secret: {Type: String, NoEcho: true}
Resources:
  Handle:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handle, CodeUri: src/}
"""
PLAIN = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n"
SAMCONFIG = """
version = 0.1
[default.deploy.parameters]
stack_name = "orders-sandbox"
parameter_overrides = "Table=sandbox"
[prod.deploy.parameters]
stack_name = "orders-live"
parameter_overrides = ["Table=orders", "Secret=geheim", "Gone=1"]
"""


class Existing:
    """A git repository with files in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git = GitRepository(folder)
        self.git.begin()
        self.repository = LocalGitRepository(folder, os.environ["PATH"])

    def write(self, *names: str, text: str = PLAIN) -> None:
        """Write files that all hold the same."""
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def draft(self, *, explain: bool = False) -> tuple[Draft, Catalog]:
        """Commit, draft, and read what the draft finds once it is committed, as the product does."""
        self.git.commit("Begin")
        made = draft(self.repository, self.repository.commit("main"), ACCOUNTS, "My Shop", explain=explain)
        self.write("orchestrator.toml", text=made.text)
        return made, read_catalog(self.repository, self.git.commit("Adopt"))


@pytest.fixture
def existing(tmp_path: Path) -> Existing:
    """An empty one."""
    return Existing(tmp_path)


def folders(catalog: Catalog) -> dict[str, str]:
    """Where each unit is."""
    return {name: unit.folder for name, unit in catalog.units.items()}


def test_a_repository_of_all_kinds_is_found_without_editing_any_folder(existing: Existing) -> None:
    """The file loads, finds the units, and nothing that it finds has a problem."""
    existing.write(
        "services/Orders API/template.yaml", "services/tax/stack.yml", "services/audit/template.json", text=PLAIN
    )
    existing.write("services/audit/template.json", text='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}')
    existing.write("ledger/cdk.json", text='{"app": "python3 app.py"}')
    existing.write("services/README.md", ".github/workflows/ci.yml", "services/orders.yaml.md", text="on: push\n")
    made, catalog = existing.draft()
    assert folders(catalog) == {
        "audit": "services/audit",
        "ledger": "ledger",
        "orders-api": "services/Orders API",
        "tax": "services/tax",
    }
    assert not catalog.problems
    assert not made.left_out.sentences
    assert load_organization(made.text).units == ("ledger", "services/*", "services/tax/stack.yml")
    assert load_organization(made.text).environment("prod").requires_approval


def test_names_that_clash_are_told_apart_by_the_folders_above(existing: Existing) -> None:
    """And written down, so that they stay as they are."""
    existing.write("billing/api/template.yaml", "shop/api/template.yaml", "shop/web/template.yaml")
    made, catalog = existing.draft()
    assert folders(catalog) == {"billing-api": "billing/api", "shop-api": "shop/api", "web": "shop/web"}
    assert tomllib.loads(made.text)["unit"]["shop/api"] == {"name": "shop-api"}


def test_a_name_that_no_unit_may_have_is_not_proposed(existing: Existing) -> None:
    """Gates of release trains have it; a project that is called so must be renamed, which is said."""
    existing.write("ml/train/template.yaml", "train/template.yaml", "named/template.yaml")
    existing.write("named/pyproject.toml", text='[project]\nname = "train"\nversion = "1.0"\n')
    made, catalog = existing.draft()
    assert folders(catalog) == {"ml-train": "ml/train", "unit-train": "train"}
    assert "such as 'unit-train'" in made.left_out.sentences["named"]


def test_a_name_that_gates_or_promotions_could_be_taken_for_is_not_proposed(existing: Existing) -> None:
    """Such a project must be renamed, and init says to what."""
    existing.write("promote-x/template.yaml", "approve/template.yaml", "named/template.yaml")
    existing.write("named/pyproject.toml", text='[project]\nname = "a-approve-b"\nversion = "1.0"\n')
    made, catalog = existing.draft()
    assert folders(catalog) == {"approval": "approve", "unit-promote-x": "promote-x"}
    assert "such as 'a-approval-b'" in made.left_out.sentences["named"]


def test_what_sam_deployed_is_taken_over_where_its_environment_is_one_of_ours(existing: Existing) -> None:
    """What it hides is not written down, and its default is only proposed."""
    existing.write("orders/template.yaml", text=SAM)
    existing.write("orders/src/app.py", text="def handle(event, context): ...\n")
    existing.write("orders/samconfig.toml", text=SAMCONFIG)
    made, catalog = existing.draft()
    unit = catalog.unit("orders")
    assert unit.settings.stack_name == {"prod": "orders-live"}
    assert unit.parameters("prod") == {"Table": "orders"}
    assert catalog.organization.adopt.stacks == ("orders-live",)
    assert catalog.organization.lambda_.python == "3.12"
    assert '# stack_name.dev = "orders-sandbox"' in made.text
    assert '# parameters.default.Table = "sandbox"' in made.text
    assert "geheim" not in made.text


def test_units_in_other_languages_are_found(existing: Existing) -> None:
    """They need no Python, and no project."""
    for name, runtime in (("edge", "nodejs22.x"), ("batch", "java21"), ("tool", "provided.al2023")):
        existing.write(f"{name}/template.yaml", text=SAM.replace("python3.12", runtime))
        existing.write(f"{name}/src/Makefile", text="")
    _, catalog = existing.draft()
    assert folders(catalog) == {"edge": "edge", "batch": "batch", "tool": "tool"}


def test_what_a_runtime_depends_on_is_written_down_for_stacks_that_exist(existing: Existing) -> None:
    """They keep their own values of parameters, and a build has to know what functions run on."""
    text = SAM.replace("Runtime: python3.12", "Runtime: !Ref Python, Architectures: [!Ref Processor]").replace(
        "  Table:",
        "  Python: {Type: String, Default: python3.11}\n  Processor: {Type: String, Default: arm64}\n  Table:",
    )
    existing.write("orders/template.yaml", text=text)
    existing.write("orders/src/app.py", text="def handle(event, context): ...\n")
    existing.write("orders/samconfig.toml", text=SAMCONFIG.replace('["Table', '["Processor=x86_64", "Table'))
    _, catalog = existing.draft()
    unit = catalog.unit("orders")
    assert unit.parameters("prod") == {"Python": "python3.11", "Processor": "x86_64", "Table": "orders"}
    assert unit.parameters("dev") == {}


def test_units_of_several_platforms_are_found(existing: Existing) -> None:
    """The one of most functions is the organization's; what cannot be known, or is excluded, is told."""
    for name, runtime in (("a", "python3.12"), ("b", "python3.12"), ("c", "python3.9"), ("d", "!ImportValue x")):
        existing.write(f"{name}/template.yaml", text=SAM.replace("python3.12", runtime))
        existing.write(f"{name}/src/app.py", text="def handle(event, context): ...\n")
    existing.write("a/pyproject.toml", text='[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.13"\n')
    made, catalog = existing.draft()
    assert folders(catalog) == {"b": "b", "c": "c"}
    assert catalog.organization.lambda_.python == "3.12"
    assert "excludes Python 3.12, the runtime of Handle" in made.left_out.sentences["a"]
    assert "Fn::ImportValue is computed by the deployment" in made.left_out.sentences["d"]


def test_code_elsewhere_in_the_repository_becomes_an_input(existing: Existing) -> None:
    """What lies outside of it cannot."""
    existing.write("infra/orders/template.yaml", text=SAM.replace("src/", "../../lambdas/orders"))
    existing.write("infra/tax/template.yaml", text=SAM.replace("src/", "../../../elsewhere"))
    existing.write("lambdas/orders/app.py", text="def handle(event, context): ...\n")
    made, catalog = existing.draft()
    assert [one.path for one in catalog.inputs["orders"]] == ["infra/orders", "lambdas/orders"]
    assert "which is not in the repository" in made.left_out.sentences["infra/tax"]
    assert not catalog.problems


@pytest.mark.parametrize(
    ("files", "place", "reason"),
    [
        ({"a/template.yaml": SAM.replace("python3.12", "dotnet8")}, "a", "is built by dotnet cli-package, and"),
        ({"a/template.yaml": SAM.replace("python3.12", "nodejs14.x")}, "a", "Runtime = 'nodejs14.x' cannot be built"),
        ({"a/one.yaml": PLAIN, "a/two.yaml": PLAIN}, "a", "holds the templates one.yaml, two.yaml"),
        ({"a/template.yaml": PLAIN, "a/more.yaml": PLAIN}, "a/more.yaml", "lies beside template.yaml"),
        ({"a/template.yaml": PLAIN, "a/sub/template.yaml": PLAIN}, "a/sub", "lies within a"),
        ({"a/cdk.json": '{"app": "npx ts-node app.ts"}'}, "a", "started by 'npx ts-node app.ts'"),
        ({"a/template.yaml": "Resources: {A: {Type: AWS::SQS::Queue"}, "a/template.yaml", "line 2"),
        (
            {"a/template.yaml": PLAIN, "a/pyproject.toml": '[tool.poetry]\nname = "a"\n'},
            "a",
            "this is a project of Poetry 1, without [project], and tool.poetry.version is missing",
        ),
        (
            {"a/template.yaml": PLAIN, "a/pyproject.toml": '[project]\nname = "a"\n'},
            "a",
            "project.version is missing",
        ),
    ],
)
def test_what_cannot_be_placed_is_told_and_left_out(
    files: dict[str, str], place: str, reason: str, existing: Existing
) -> None:
    """The others are found as ever, and what was left out makes no noise."""
    existing.write("b/template.yaml", "c/template.yaml")
    for name, text in files.items():
        existing.write(name, text=text)
    made, catalog = existing.draft()
    assert reason in made.left_out.sentences[place]
    assert {"b", "c"} <= folders(catalog).keys()
    assert not catalog.problems


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"s/x/template.yaml": "kind: Template\nobjects: []\n"}, "template.yaml: is not a CloudFormation template"),
        ({"s/x/template.yaml": ""}, "template.yaml: is not a CloudFormation template"),
        ({"s/x/template.yaml": "Resources: ["}, "template.yaml: line 2"),
        ({"s/x/template.yaml": "Resources: [AWS::SQS::Queue"}, "line 2"),
        ({"s/x/pyproject.toml": '[project]\nname = "x"\nversion = "1.0"\n'}, "holds a project and no template"),
    ],
)
def test_what_lies_among_units_and_could_never_be_built_is_none(
    files: dict[str, str], reason: str, existing: Existing
) -> None:
    """Its first promotion would fail."""
    existing.write("s/a/template.yaml", "s/b/template.yaml")
    for name, text in files.items():
        existing.write(name, text=text)
    made, catalog = existing.draft()
    assert reason in " ".join(said for path, said in made.left_out.sentences.items() if path.startswith("s/x"))
    assert [path for path in made.left_out.reasons if path.startswith("s/x")] in (["s/x"], ["s/x/template.yaml"])
    assert folders(catalog) == {"a": "s/a", "b": "s/b"}
    assert made.units == {"s/a": "a", "s/b": "b"}
    assert not catalog.problems


def test_a_folder_whose_name_is_no_text_is_excluded(existing: Existing) -> None:
    """By a glob: the file that is written is text."""
    existing.write("s/a/template.yaml", "s/b/template.yaml")
    broken = os.fsencode(existing.folder) + b"/s/x\xff\xe2\x82y"
    os.mkdir(broken)  # noqa: PTH102  # A path of bytes.
    (Path(os.fsdecode(broken)) / "template.yaml").write_text(PLAIN)
    _, catalog = existing.draft()
    assert folders(catalog) == {"a": "s/a", "b": "s/b"}
    assert not catalog.problems


def test_a_project_keeps_its_name(existing: Existing) -> None:
    """Its folder has another one, and neither is edited."""
    existing.write("a/template.yaml", "b/template.yaml")
    existing.write("a/pyproject.toml", text='[project]\nname = "Acme.Orders"\nversion = "1.0"\n')
    _, catalog = existing.draft()
    assert folders(catalog) == {"acme-orders": "a", "b": "b"}


def test_a_repository_that_is_one_unit_gets_its_name(existing: Existing) -> None:
    """Of the folder that it is cloned to."""
    existing.write("template.yaml", text=SAM)
    existing.write("src/app.py", text="def handle(event, context): ...\n")
    _, catalog = existing.draft()
    assert folders(catalog) == {"my-shop": ""}


def test_a_folder_with_the_characters_of_globs_is_found(existing: Existing) -> None:
    """As itself."""
    existing.write("a [old]*/template.yaml", "x/a b/template.yaml", text=PLAIN)
    _, catalog = existing.draft()
    assert folders(catalog) == {"a-old": "a [old]*", "a-b": "x/a b"}


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("a/template.yaml", SAM.replace("src/", "target/app.jar"), "names 'target/app.jar', which is not in the repo"),
        ("a/template.yaml", SAM.replace("app.handle", "main.handle"), "Handler = 'main.handle': src/ has no main.py"),
        ("a/template.yaml", SAM.replace("app.handle", "pack/age.handle"), "src/ has no pack/age.py"),
    ],
)
def test_what_a_build_would_not_find_is_told_and_left_out(
    path: str, text: str, reason: str, existing: Existing
) -> None:
    """Its first promotion would fail."""
    existing.write("a/src/app.py", "b/template.yaml")
    existing.write(path, text=text)
    made, catalog = existing.draft()
    assert made.left_out.reasons == {"a": Reason.MISSING}
    assert reason in made.left_out.sentences["a"]
    assert folders(catalog) == {"b": "b"}


@pytest.mark.parametrize(
    "change",
    [
        {"      Layers": "[!Ref Shared]"},
        {"      CodeUri": "s3://bucket/app.zip"},
        {"      CodeUri": "linked/"},
        {"    Metadata": "{BuildMethod: makefile}"},
    ],
)
def test_what_may_be_found_elsewhere_is_no_reason(change: dict[str, str], existing: Existing) -> None:
    """In a layer, in a bucket, behind a link, or in what is built."""
    (name, value), text = change.popitem(), SAM.replace("app.handle", "main.handle")
    text = text.replace("CodeUri: src/", f"CodeUri: {value}") if "CodeUri" in name else text
    existing.write("a/template.yaml", text=text if "CodeUri" in name else _with(text, name, value))
    existing.write("a/src/app.py", "a/src/Makefile")
    (existing.folder / "a/linked").symlink_to("src")
    made, catalog = existing.draft()
    assert not made.left_out.reasons
    assert folders(catalog) == {"a": "a"}


def _with(text: str, name: str, value: str) -> str:
    """The same template with one more line for its function."""
    if name.strip() == "Metadata":
        return f"{text}{name}: {value}\n"
    return text.replace("CodeUri: src/}", f"CodeUri: src/, {name.strip()}: {value}}}")


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("a/serverless.yml", "has serverless.yml, so the Serverless Framework deploys it"),
        ("a/.chalice/config.json", "has .chalice, so Chalice deploys it"),
        ("a/zappa_settings.json", "has zappa_settings.json, so Zappa deploys it"),
        ("a/main.tf", "has main.tf, so Terraform deploys it"),
        ("a/Pulumi.yaml", "has Pulumi.yaml, so Pulumi deploys it"),
    ],
)
def test_what_other_tools_deploy_is_named(path: str, tool: str, existing: Existing) -> None:
    """Once, where it begins; a unit with such a file is one all the same."""
    name = path.removeprefix("a/")
    existing.write("b/template.yaml")
    existing.write(path, f"a/modules/{name}", f"b/{name}", f"b/inner/{name}", text="{}")
    made, _ = existing.draft()
    assert made.left_out.reasons == {"a": Reason.TOOL}
    assert tool in made.left_out.sentences["a"]


def test_files_that_are_too_large_for_templates_are_not_read(existing: Existing) -> None:
    """Of those that are called so, it is told."""
    large = f"{PLAIN}# {'x' * LARGEST_TEMPLATE}\n"
    existing.write("a/template.yaml", "b/data.yaml", text=large)
    existing.write("b/template.yaml")
    made, catalog = existing.draft()
    assert folders(catalog) == {"b": "b"}
    assert made.left_out.reasons == {"a/template.yaml": Reason.TEMPLATE}
    assert "larger than CloudFormation takes" in made.left_out.sentences["a/template.yaml"]


def test_what_lies_in_a_folder_that_is_left_out_is_told_so(existing: Existing) -> None:
    """It may be a part of that."""
    existing.write("a/template.yaml", text=SAM)
    existing.write("a/nested/template.yaml", "b/template.yaml")
    made, catalog = existing.draft()
    assert made.left_out.reasons == {"a": Reason.MISSING, "a/nested": Reason.WITHIN}
    assert made.left_out.sentences["a/nested"] == "lies within a, which is left out."
    assert folders(catalog) == {"b": "b"}


def test_a_link_to_a_folder_among_units_is_told(existing: Existing) -> None:
    """A glob would find it."""
    existing.write(*(f"apps/{name}/template.yaml" for name in "abc"), "elsewhere/template.md")
    (existing.folder / "apps/linked").symlink_to("../elsewhere")
    made, catalog = existing.draft()
    assert made.left_out.reasons == {"apps/linked": Reason.NOT_A_FOLDER}
    assert "is a symbolic link to a folder" in made.left_out.sentences["apps/linked"]
    assert not catalog.problems


def test_a_further_template_in_the_folder_of_a_cdk_app_is_not_taken_for_it(existing: Existing) -> None:
    """Although a glob names files that are called so."""
    existing.write(*(f"apps/{name}/template.yaml" for name in "abcd"), "apps/x/template.yaml")
    existing.write("apps/x/cdk.json", text='{"app": "python3 app.py"}')
    made, catalog = existing.draft()
    assert set(made.left_out.reasons.values()) <= {Reason.BESIDE}
    assert folders(catalog) == {name: f"apps/{name}" for name in "abcdx"}
    assert catalog.facts["x"].name == "x"
    assert "template" not in catalog.unit("x").settings.model_fields_set
    assert not catalog.problems


def _init(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", str(folder), "init", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_environments_in_one_account_get_stacks_of_their_own(existing: Existing) -> None:
    """The first one's are called as the units."""
    existing.write("orders/template.yaml")
    existing.git.commit("Begin")
    places = ("dev=222222222222/eu-west-1", "test=222222222222/eu-west-1", "prod=222222222222/eu-central-1")
    chosen = [word for one in places for word in ("--environment", one)]
    shown = _init(existing.folder, "--tooling-account", "111111111111", *chosen)
    assert shown.returncode == 0, shown.stderr
    environments = load_organization(shown.stdout).environments
    assert [one.stack_suffix for one in environments] == ["", "-test", ""]


def test_the_command_writes_the_file_once(existing: Existing) -> None:
    """And asks for the accounts where nobody can be asked."""
    existing.write("orders/template.yaml")
    existing.git.commit("Begin")
    refused = _init(existing.folder, "--write")
    assert refused.returncode == 2
    assert "--tooling-account" in refused.stderr
    accounts = ("--tooling-account", "111111111111", "--environment", "dev=222222222222/eu-west-1")
    shown = _init(existing.folder, *accounts)
    assert load_organization(shown.stdout).environment_names == ["dev"]
    assert not (existing.folder / "orchestrator.toml").exists()
    done = _init(existing.folder, *accounts, "--environment", "prod=333333333333/eu-central-1:approval", "--write")
    assert done.returncode == 0, done.stderr
    assert "It finds 1 unit: orders." in done.stderr
    text = (existing.folder / "orchestrator.toml").read_text(encoding="utf-8")
    assert load_organization(text).environment("prod").targets[0].region == "eu-central-1"
    again = _init(existing.folder, *accounts, "--write")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert (existing.folder / "orchestrator.toml").read_text(encoding="utf-8") == text


_ACCOUNTS = ("--tooling-account", "111111111111", "--environment", "dev=222222222222/eu-west-1")


def test_where_nothing_is_a_unit_nothing_is_written(existing: Existing) -> None:
    """And it is an error, with all that might have been one."""
    existing.write("shop/serverless.yml", text="service: shop\n")
    existing.git.commit("Begin")
    done = _init(existing.folder, *_ACCOUNTS, "--write")
    assert done.returncode == 1
    assert not (existing.folder / "orchestrator.toml").exists()
    assert not done.stdout
    assert "Left out: shop: has serverless.yml" in done.stderr
    assert "error: No unit was found at" in done.stderr


def test_of_much_that_is_left_out_there_is_a_summary(existing: Existing) -> None:
    """By reason; everything is named where somebody asks for it."""
    existing.write(*(f"apps/{number}/template.yaml" for number in range(12)))
    existing.write(*(f"terraform/{number}/main.tf" for number in range(8)), "sls/serverless.yml", text="")
    existing.write(*(f"web/{number}/cdk.json" for number in range(7)), text='{"app": "npx ts-node app.ts"}')
    existing.git.commit("Begin")
    short = _init(existing.folder, *_ACCOUNTS).stderr
    assert "It finds 12 units: unit-0, unit-1, " in short
    assert "and 2 more." in short
    assert "16 folders and files are left out" in short
    assert "     9  projects that another tool deploys (Terraform: 8, the Serverless Framework: 1)" in short
    assert "     7  CDK apps that are not in Python" in short
    full = _init(existing.folder, *_ACCOUNTS, "--explain").stderr
    assert full.count("Left out: ") == 16
    assert "Left out: web/3: is a CDK app started by 'npx ts-node app.ts'" in full


def test_parameters_without_values_are_named_in_the_file_or_counted(existing: Existing) -> None:
    """A unit with one cannot be built."""
    text = "Parameters: {Table: {Type: String}}\n" + PLAIN
    existing.write("apps/a/template.yaml", text=text)
    existing.git.commit("Begin")
    few = _init(existing.folder, *_ACCOUNTS)
    assert '# parameters.default.Table = "..."  # the template gives it no Default' in few.stdout
    assert "No value: a: Table." in few.stderr
    existing.write(*(f"apps/{number}/template.yaml" for number in range(11)), text=text)
    existing.git.commit("Add more")
    many = _init(existing.folder, *_ACCOUNTS)
    assert "parameters.default" not in many.stdout
    assert "12 units cannot be built before parameters of their templates have values" in many.stderr
    assert _init(existing.folder, *_ACCOUNTS, "--explain").stdout.count("parameters.default.Table") == 12


def test_more_stacks_than_roles_have_room_for_are_told(existing: Existing) -> None:
    """Before a bootstrap refuses them."""
    existing.write(*(f"apps/{name}/template.yaml" for name in "abcdef"))
    for name in "abcdef":
        existing.write(f"apps/{name}/samconfig.toml", text=f'[dev.deploy.parameters]\nstack_name = "live-{name}"\n')
    existing.git.commit("Begin")
    assert (
        "It takes over 6 stacks, and roles in targets have room for about 5 names"
        in _init(existing.folder, *_ACCOUNTS).stderr
    )
