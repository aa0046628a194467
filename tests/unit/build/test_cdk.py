"""Real CDK apps, synthesized by a build, or all beforehand in one process: then a build reads what the CDK wrote."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.bootstrap.synth import search_path
from orchestrator.build.build import Build, Builder, Tools
from orchestrator.build.cache import Cache
from orchestrator.build.environment import clean_environment
from orchestrator.errors import BuildError, ConfigurationError
from orchestrator.releases.template_code import literal_code
from orchestrator.source.catalog import read_catalog
from tests.unit.build.fakes import ORGANIZATION, FolderRepository, Workshop, fake_uv

APP = """\
import aws_cdk as cdk
from aws_cdk import aws_iam as iam, aws_lambda as lambda_, aws_s3 as s3, aws_sns as sns

app = cdk.App()
stack = cdk.Stack(app, "orders")
sns.Topic(stack, "Topic", display_name=SHOWN)
lambda_.Function(
    stack, "Function",
    runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handle", code=lambda_.Code.from_asset("code"),
    role=iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::222222222222:role/app-orders"),
)
MORE
app.synth()
"""
LOOKUP = """
from aws_cdk import aws_ec2 as ec2
other = cdk.Stack(app, "lookup", env=cdk.Environment(account="222222222222", region="eu-west-1"))
ec2.Vpc.from_lookup(other, "Vpc", is_default=True)
"""
IMAGE = """
lambda_.DockerImageFunction(stack, "Image", code=lambda_.DockerImageCode.from_image_asset("code"))
"""
NESTED = """
nested = cdk.NestedStack(stack, "Nested")
sns.Topic(nested, "Inner")
"""
ANOTHER = "cdk.Stack(app, 'another')"
BY_ENVIRONMENT = 'app.node.try_get_context("orchestrator:environment")'
BY_REGION = "__import__('os').environ['CDK_DEFAULT_REGION']"
# In an app's place: hands out what the app was synthesized into before.
REPLAY = """\
import os, shutil

shutil.copytree(os.path.join("made", os.environ["CDK_DEFAULT_REGION"]), os.environ["CDK_OUTDIR"], dirs_exist_ok=True)
"""
Write = Callable[..., None]


def app(shown: str = "'same'", more: str = "") -> str:
    """The source of an app."""
    return APP.replace("SHOWN", shown).replace("MORE", more)


# What is synthesized beforehand: apps, and the regions that they are synthesized for.
MADE = [(app(more=more), "eu-west-1") for more in ("", LOOKUP, IMAGE, NESTED, ANOTHER)] + [
    (app(BY_REGION), region) for region in ("eu-west-1", "eu-west-3")
]


def write_code(folder: Path) -> None:
    """Write the asset of the apps."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "Dockerfile").write_text("FROM scratch\n")
    (folder / "code" / "index.py").write_text("def handle(event, context):\n    return 1\n")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assemblies of the apps, by their number."""
    folder = tmp_path_factory.mktemp("apps")
    write_code(folder)
    environment = {**os.environ, "PATH": search_path(os.environ), "CDK_VALIDATION": "false"}
    command = [sys.executable, str(Path(__file__).with_name("cdk_apps.py"))]
    subprocess.run(command, cwd=folder, env=environment, input=json.dumps(MADE), text=True, check=True)
    return folder


@pytest.fixture
def write(repository: FolderRepository) -> Write:
    """Makes the unit a CDK app that runs on this interpreter."""
    folder = repository.folder / "projects/orders"
    (folder / "template.yaml").unlink()
    write_code(folder)

    def make(source: str = "", **settings: Any) -> None:
        (folder / "app.py").write_text(source)
        (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py", **settings}))

    return make


@pytest.fixture
def replay(write: Write, made: Path, repository: FolderRepository) -> Write:
    """Makes the unit an app that was synthesized beforehand."""

    def make(source: str) -> None:
        for number, (known, region) in enumerate(MADE):
            if known == source:
                shutil.copytree(made / str(number), repository.folder / "projects/orders/made" / region)
        write(REPLAY)

    return make


@pytest.fixture
def build(workshop: Workshop) -> Callable[[], Build]:
    """Builds the unit with the fake uv, and with Node.js."""
    tools = fake_uv(workshop.machine)
    real = clean_environment({**os.environ, "PATH": search_path(os.environ)})
    environment = {**tools.environment, **real}
    builder = Builder(
        workshop.repository,
        workshop.store,
        workshop.ledger,
        Tools(tools.uv, tools.python, environment, Cache(workshop.machine / "cache")),
    )
    return lambda: builder.build(read_catalog(workshop.repository, "main"), "orders", workshop.log)


def test_assets_are_published_with_the_release_and_the_template_names_them(
    replay: Write, build: Callable[[], Build], workshop: Workshop
) -> None:
    """Nothing of the CDK's own bootstrap stack is left; one template is enough where all are the same."""
    replay(app())
    manifest = build().manifest
    (asset,) = manifest.assets
    assert asset.key == f"projects/orders/assets/{asset.sha256}.zip"
    assert asset in manifest.artifacts
    assert asset.key in {one["name"] for one in json.loads(workshop.store.get(manifest.sbom.key))["components"]}
    assert workshop.store.find(asset.key) == asset
    assert manifest.templates == {}
    (warning,) = manifest.warnings
    assert warning.endswith("nothing is locked, because no function of the template uses the unit's Python package.")
    text = workshop.store.get(manifest.template.key)
    assert b"cdk-hnb659fds" not in text
    template = json.loads(text)
    assert template["Parameters"] == {"ArtifactsBucket": {"Type": "String"}}
    assert "Rules" not in template
    assert list(literal_code(template).values()) == [asset.key]


def test_an_environment_with_another_template_gets_its_own(
    write: Write, build: Callable[[], Build], workshop: Workshop
) -> None:
    """The first environment's is the default. The build runs the CDK itself, once for each environment."""
    write(app(BY_ENVIRONMENT))
    manifest = build().manifest
    (asset,) = manifest.assets
    assert workshop.store.find(asset.key) == asset
    assert manifest.template.key.endswith("/release/0.1.0/template.json")
    assert {name: one.key.rsplit("/", 1)[1] for name, one in manifest.templates.items()} == {
        "prod": "template-prod.json"
    }
    for name in ("dev", "prod"):
        template = json.loads(workshop.store.get(manifest.template_of(name).key))
        topics = [one for one in template["Resources"].values() if one["Type"] == "AWS::SNS::Topic"]
        assert topics[0]["Properties"]["DisplayName"] == name


def test_targets_of_one_environment_must_have_the_same_template(
    replay: Write, build: Callable[[], Build], repository: FolderRepository
) -> None:
    """There is one plan for all of them."""
    two = (
        'targets = [{account = "222222222222", region = "eu-west-1"}, {account = "222222222222", region = "eu-west-3"}]'
    )
    one = 'account = "222222222222"\nregion = "eu-west-1"'
    assert one in ORGANIZATION
    repository.write("orchestrator.toml", ORGANIZATION.replace(one, two))
    replay(app(BY_REGION))
    with pytest.raises(ConfigurationError, match="the targets of dev get different templates: write Aws"):
        build()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (LOOKUP, r"the app looks something up in an account: vpc-provider \(vpc-provider:account=222222222222"),
        (IMAGE, "the stack needs container images: .*Image"),
        (NESTED, r"Nested.*\.template\.json is a nested stack"),
        (ANOTHER, "the app has the stacks another, orders, and a unit is one stack"),
    ],
)
def test_what_a_release_cannot_hold_is_refused_by_name(
    more: str, problem: str, replay: Write, build: Callable[[], Build], workshop: Workshop
) -> None:
    """With what to do instead, and before a version is claimed."""
    replay(app(more=more))
    with pytest.raises(ConfigurationError, match=problem):
        build()
    assert workshop.ledger.versions == {}


def test_one_of_several_stacks_is_chosen_by_a_setting(
    replay: Write, build: Callable[[], Build], repository: FolderRepository
) -> None:
    """A name that is none is refused with those that are there."""
    replay(app(more=ANOTHER))
    file = Path(repository.folder, "projects/orders/pyproject.toml")
    text = file.read_text()
    file.write_text(f"{text}\n[tool.orchestrator]\nstack = 'other'\n")
    with pytest.raises(ConfigurationError, match="stack = 'other': the app has the stacks another, orders"):
        build()
    file.write_text(f"{text}\n[tool.orchestrator]\nstack = 'orders'\n")
    assert build().manifest.assets


def test_libraries_in_a_file_that_is_not_read_are_refused(
    write: Write, build: Callable[[], Build], repository: FolderRepository
) -> None:
    """The app would fail for what nobody has installed."""
    write()
    folder = Path(repository.folder, "projects/orders")
    (folder / "pyproject.toml").unlink()
    (folder / "Pipfile").write_text("[packages]\naws-cdk-lib = '*'\n")
    with pytest.raises(ConfigurationError, match=r"orders/Pipfile: is not read for a CDK app: list what .* needs in"):
        build()


def test_the_group_of_libraries_holds_requirements_only(
    write: Write, build: Callable[[], Build], repository: FolderRepository
) -> None:
    """Groups within groups are refused with the file and the key."""
    write()
    file = Path(repository.folder, "projects/orders/pyproject.toml")
    file.write_text(f"{file.read_text()}\n[dependency-groups]\ndev = []\ncdk = [{{include-group = 'dev'}}]\n")
    with pytest.raises(ConfigurationError, match=r"orders/pyproject\.toml: dependency-groups\.cdk may hold"):
        build()


@pytest.mark.parametrize(
    ("settings", "error", "problem"),
    [
        ({"app": None}, ConfigurationError, "app = None is not valid"),
        ({"app": "python 'app.py"}, ConfigurationError, "is no command: No closing quotation"),
        ({"app": f"{sys.executable} none.py"}, BuildError, "the app of projects/orders/cdk.json failed for dev"),
    ],
)
def test_an_app_that_cannot_be_run_is_told(
    settings: dict[str, Any], error: type[Exception], problem: str, write: Write, build: Callable[[], Build]
) -> None:
    """The key of `cdk.json`, or the last lines that it printed."""
    write(**settings)
    with pytest.raises(error, match=problem):
        build()
