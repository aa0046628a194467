"""Units without a project: a template with code, as existing repositories have them."""

import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
import uv

from orchestrator.build.paths.shared import SHARED_LAYER
from orchestrator.errors import BuildError, ConfigurationError
from orchestrator.releases.artifact import Artifact
from tests.unit.build.fakes import ORGANIZATION, Workshop

SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Take:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: take.handle
      CodeUri: src/take/
  Send:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: send.handle
      CodeUri: src/send
"""
PLAIN = """
Parameters:
  ArtifactsBucket: {Type: String}
  SourceKey: {Type: String}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: app.handle
      Role: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-orders
      Code: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref SourceKey}
"""
HANDLER = "def handle(event, context):\n    return event\n"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n"
FOLDER = "projects/orders"


@pytest.fixture
def plain(workshop: Workshop) -> Workshop:
    """A repository whose unit `orders` has nothing yet."""
    for path in sorted((workshop.repository.folder / FOLDER).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return workshop


@pytest.fixture
def sam(plain: Workshop) -> Workshop:
    """The unit is a SAM application of two functions."""
    for name in ("take", "send"):
        plain.repository.write(f"{FOLDER}/src/{name}/{name}.py", HANDLER)
    plain.repository.write(f"{FOLDER}/template.yml", SAM)
    plain.repository.write(f"{FOLDER}/src/take/requirements.txt", "six==1.16.0  # for old times\n\n# no more\n")
    return plain


def contents(workshop: Workshop, wheel: Artifact) -> dict[str, bytes]:
    """The files of a published wheel, without what describes it."""
    with zipfile.ZipFile(io.BytesIO(workshop.store.get(wheel.key))) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def refused(workshop: Workshop) -> str:
    """Why the unit cannot be built."""
    with pytest.raises((ConfigurationError, BuildError)) as caught:
        workshop.build()
    return str(caught.value)


def test_the_folders_that_functions_name_are_the_wheel_and_their_requirements_the_layer(sam: Workshop) -> None:
    """Nothing of the unit is edited, and nothing of it runs."""
    built = sam.build().manifest
    assert contents(sam, built.wheel).keys() == {"take.py", "send.py"}
    assert built.requirements == ("six==1.16.0",)
    assert built.tools["build backend"].startswith("promotion-orchestrator ")
    assert sam.calls() == ["compile", "install"]
    assert not built.warnings


def test_the_version_is_the_day_of_the_commit(sam: Workshop) -> None:
    """It is legal and grows; a second one of a day is its post-release."""
    assert sam.build().manifest.version == "2026.6.1"
    sam.repository.write(f"{FOLDER}/src/take/take.py", f"{HANDLER}\n")
    sam.repository.commit_id = "b" * 40
    second = sam.build().manifest
    assert second.version == "2026.6.1.post1"
    assert second.wheel.key.endswith("/orders-2026.6.1.post1-py3-none-any.whl")


def test_the_same_files_make_the_same_bytes(sam: Workshop) -> None:
    """Whenever they were written; the sdist, too."""
    first = sam.build().manifest
    sam.ledger.versions.clear()
    sam.s3.delete_object(Bucket=sam.store.bucket, Key=first.wheel.key)
    sam.s3.delete_object(Bucket=sam.store.bucket, Key=first.sdist.key)
    sam.s3.delete_object(Bucket=sam.store.bucket, Key="projects/orders/release/2026.6.1/manifest.json")
    again = sam.build().manifest
    assert (again.wheel.sha256, again.sdist.sha256) == (first.wheel.sha256, first.sdist.sha256)


def test_without_such_folders_the_units_own_modules_are_the_wheel(plain: Workshop, tmp_path: Path) -> None:
    """With all that lies beside them but the template, and installable as any wheel."""
    plain.repository.write(f"{FOLDER}/template.yaml", PLAIN)
    for name in ("app.py", "rules/__init__.py", "rates, old.json", "tests/test_app.py", "README.md", "samconfig.toml"):
        plain.repository.write(f"{FOLDER}/{name}", HANDLER if name == "app.py" else "")
    wheel = plain.build().manifest.wheel
    more = {"tests/test_app.py", "README.md", "samconfig.toml"}
    assert contents(plain, wheel).keys() == {"app.py", "rules/__init__.py", "rates, old.json", *more}
    file = tmp_path / wheel.key.rsplit("/", 1)[-1]
    file.write_bytes(plain.store.get(wheel.key))
    install = [uv.find_uv_bin(), "pip", "install", "--offline", "--no-deps", "--target", str(tmp_path / "there")]
    subprocess.run([*install, str(file)], check=True, capture_output=True)
    assert (tmp_path / "there/rates, old.json").is_file()


def test_modules_below_src_are_at_the_top(plain: Workshop) -> None:
    """As in a project."""
    plain.repository.write(f"{FOLDER}/template.yaml", PLAIN)
    plain.repository.write(f"{FOLDER}/src/app.py", HANDLER)
    plain.repository.write(f"{FOLDER}/deploy.py", "")
    assert contents(plain, plain.build().manifest.wheel).keys() == {"app.py"}


def test_code_may_lie_in_a_folder_that_the_unit_depends_on(plain: Workshop) -> None:
    """As `CodeUri` names it; another folder is not there."""
    plain.repository.write(f"{FOLDER}/template.yaml", SAM.replace("src/", "../../lambdas/"))
    for name in ("take", "send"):
        plain.repository.write(f"lambdas/{name}/{name}.py", HANDLER)
    assert "CodeUri = '../../lambdas/take/' is a local path, and the unit has no such file or folder" in refused(plain)
    table = f'{ORGANIZATION}\n[unit."{FOLDER}"]\ndepends_on = ["lambdas"]\n'
    plain.repository.write("orchestrator.toml", table)
    assert contents(plain, plain.build().manifest.wheel).keys() == {"take.py", "send.py"}


def test_folders_with_other_files_of_one_name_get_an_archive_each(sam: Workshop) -> None:
    """One wheel cannot hold both; the same file twice is one, and the layer is made of both lists."""
    for name in ("take", "send"):
        sam.repository.write(f"{FOLDER}/src/{name}/common.py", "")
    assert not sam.build().manifest.assets
    sam.repository.write(f"{FOLDER}/src/send/common.py", "# Another one.\n")
    built = sam.build().manifest
    assert contents(sam, built.wheel) == {}
    assert built.requirements == ("six==1.16.0",)
    template = json.loads(sam.store.get(built.template.key))
    keys = {name: template["Resources"][name]["Properties"]["CodeUri"]["Key"] for name in ("Take", "Send")}
    assert sorted(keys.values()) == [asset.key for asset in built.assets]
    with zipfile.ZipFile(io.BytesIO(sam.store.get(keys["Send"]))) as archive:
        assert archive.namelist() == ["common.py", "send.py"]


def test_handlers_of_archives_are_checked_with_the_layers_that_they_have(sam: Workshop) -> None:
    """A layer of the unit's own has the module; without it, the function would fail at its first call."""
    sam.repository.write(f"{FOLDER}/src/send/take.py", "import common.money\n")
    sam.repository.write(f"{FOLDER}/src/send/send.py", f"import common.money\n{HANDLER}")
    assert "send.py imports common, which neither the wheel nor the layer holds" in refused(sam)
    sam.repository.write(f"{FOLDER}/layer/python/common/money.py", "EUR = 1\n")
    layer = "  Common: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer/}}\n"
    used = SAM.replace("CodeUri: src/send", "CodeUri: src/send\n      Layers: [!Ref Common]")
    sam.repository.write(f"{FOLDER}/template.yml", f"{used}{layer}")
    assert len(sam.build().manifest.assets) == 3
    unknown = used.replace("!Ref Common", "'arn:aws:lambda:eu-west-1:111111111111:layer:other:1'")
    sam.repository.write(f"{FOLDER}/template.yml", unknown)
    assert len(sam.build().manifest.assets) == 2


def test_a_shared_folder_is_packaged_by_one_line(sam: Workshop) -> None:
    """As the message says; it is an input of the unit, and its functions import it."""
    sam.repository.write(f"{FOLDER}/src/send/send.py", f"import common.money, prices\n{HANDLER}")
    sam.repository.write("libs/common/__init__.py", "")
    sam.repository.write("libs/common/money.py", "EUR = 1\n")
    sam.repository.write("more/prices.py", "EUR = 1\n")
    assert "For a folder that units share, write shared_code = ['<folder>'] into the unit's settings" in refused(sam)
    table = f'{ORGANIZATION}\n[unit."{FOLDER}"]\nshared_code = ["libs/common", "more"]\n'
    sam.repository.write("orchestrator.toml", table)
    built = sam.build().manifest
    assert built.inputs == (FOLDER, "libs/common", "more")
    (layer,) = built.assets
    with zipfile.ZipFile(io.BytesIO(sam.store.get(layer.key))) as archive:
        assert archive.namelist() == ["python/common/__init__.py", "python/common/money.py", "python/prices.py"]
    resources = json.loads(sam.store.get(built.template.key))["Resources"]
    content = {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": layer.key}
    assert resources[SHARED_LAYER]["Properties"]["Content"] == content
    assert all({"Ref": SHARED_LAYER} in resources[name]["Properties"]["Layers"] for name in ("Take", "Send"))


def test_a_pointer_of_lfs_is_refused(sam: Workshop) -> None:
    """What would run is not what its author sees."""
    sam.repository.write(f"{FOLDER}/src/take/model.bin", POINTER)
    assert "model.bin is a pointer of Git LFS" in refused(sam)


def test_a_link_is_followed_to_what_the_unit_has(sam: Workshop) -> None:
    """And is refused where it leads to what the unit does not depend on."""
    sam.repository.write("shared/money.py", "CENTS = 100\n")
    (sam.repository.folder / FOLDER / "src/take/money.py").symlink_to("../../../../shared/money.py")
    said = refused(sam)
    assert f"{FOLDER}/src/take/money.py: is a symbolic link to shared/money.py" in said
    assert "add 'shared/money.py' to its depends_on" in said
    sam.repository.write("orchestrator.toml", f'{ORGANIZATION}\n[unit."{FOLDER}"]\ndepends_on = ["shared"]\n')
    assert contents(sam, sam.build().manifest.wheel)["money.py"] == b"CENTS = 100\n"


def test_a_line_that_is_no_requirement_is_refused(sam: Workshop) -> None:
    """It could name another index, or code that no release holds."""
    sam.repository.write(f"{FOLDER}/requirements.txt", "six==1.16.0\n-e .\n")
    assert f"{FOLDER}/requirements.txt: line 2: '-e .' is a folder, a file or a repository" in refused(sam)


def test_functions_with_lists_of_their_own_have_one_layer(sam: Workshop) -> None:
    """Each list has become it; other files of one name are told apart by their content."""
    sam.repository.write(f"{FOLDER}/src/send/requirements.txt", "idna==3.10\n")
    built = sam.build().manifest
    assert built.requirements == ("idna==3.10", "six==1.16.0")
    assert contents(sam, built.wheel).keys() == {"take.py", "send.py"}


def test_what_code_may_read_is_packaged_and_what_is_left_out_is_told(plain: Workshop) -> None:
    """As `sam build` packages the folder, programs as programs."""
    plain.repository.write(f"{FOLDER}/template.yaml", SAM.replace("src/take/", ".").replace("src/send", "."))
    for name in ("take.py", "send.py", "tests/rates.json", "docs/help.md", "events/one.json", ".rules", "bin/run"):
        plain.repository.write(f"{FOLDER}/{name}", HANDLER if name.endswith(".py") else "x")
    (plain.repository.folder / FOLDER / "bin/run").chmod(0o755)
    for name in (".gitignore", "venv/bin/python", "native.so"):
        plain.repository.write(f"{FOLDER}/{name}", "x")
    manifest = plain.build().manifest
    held = contents(plain, manifest.wheel).keys()
    assert {"tests/rates.json", "docs/help.md", "events/one.json", ".rules", "bin/run", "template.yaml"} <= held
    assert not {".gitignore", "venv/bin/python", "native.so"} & held
    assert (
        "Resources.Take runs the unit's wheel in place of .; the wheel leaves out native.so, venv." in manifest.warnings
    )
    with zipfile.ZipFile(io.BytesIO(plain.store.get(manifest.wheel.key))) as archive:
        assert archive.getinfo("bin/run").external_attr >> 16 & 0o777 == 0o755


def test_what_is_left_out_of_a_folder_that_no_function_names_is_told(plain: Workshop) -> None:
    """Its modules are the wheel."""
    plain.repository.write(f"{FOLDER}/template.yaml", PLAIN)
    for name in ("app.py", "venv/bin/python", ".gitignore"):
        plain.repository.write(f"{FOLDER}/{name}", HANDLER)
    told = f"The wheel leaves out {FOLDER}/venv, as 'sam build' does."
    assert told in plain.build().manifest.warnings


def test_a_unit_without_python_has_an_empty_wheel(plain: Workshop) -> None:
    """Its template is no code."""
    plain.repository.write(f"{FOLDER}/template.yaml", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    plain.repository.write(f"{FOLDER}/README.md", "x")
    assert contents(plain, plain.build().manifest.wheel) == {}


def test_settings_of_a_folder_that_is_not_edited_are_written_elsewhere(sam: Workshop) -> None:
    """The message says where."""
    template = f"Parameters:\n  Table: {{Type: String}}\n{SAM}"
    sam.repository.write(f"{FOLDER}/template.yml", template)
    assert f'orchestrator.toml under [unit."{FOLDER}".parameters.dev]' in refused(sam)
    table = f'{ORGANIZATION}\n[unit."{FOLDER}"]\nparameters.default = {{ Table = "orders" }}\n'
    sam.repository.write("orchestrator.toml", table)
    assert sam.build().manifest.settings.parameters == {"default": {"Table": "orders"}}
