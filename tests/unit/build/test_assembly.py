"""Cloud assemblies that an app has written by hand: those that lead elsewhere, and those that are none."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.confine import landlock
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.fakes import FolderRepository, Workshop

confined = pytest.mark.skipif(landlock.abi() < landlock.OLDEST_ABI, reason="this kernel cannot confine files")
# Writes an assembly with one asset as the CDK does, then does what a test wants.
_APP = """\
import json, os
from pathlib import Path

out = Path(os.environ["CDK_OUTDIR"])
(out / "code").mkdir(parents=True)
(out / "code" / "index.py").write_text("def handle(event, context): pass")
(out / "asset.txt").write_text("mine")
secret, secret_folder = Path({secret!r}), Path({secret!r}).parent
source = {{"path": "asset.txt", "packaging": "file"}}
stack = {{"templateFile": "orders.template.json"}}
listed = {{"file": "orders.assets.json"}}
nested = {{}}

def write():
    destination = {{"bucketName": "cdk-bucket", "objectKey": "aaaa.txt"}}
    files = {{"a": {{"source": source, "destinations": {{"here": destination}}}}}}
    (out / "orders.assets.json").write_text(json.dumps({{"files": files}}))
    function = {{"Type": "AWS::SNS::Topic", "Properties": {{"DisplayName": "aaaa.txt"}}}}
    (out / "orders.template.json").write_text(json.dumps({{"Resources": {{"Topic": function}}}}))
    artifacts = {{
        "orders": {{"type": "aws:cloudformation:stack", "properties": stack, "dependencies": ["orders.assets"]}},
        "orders.assets": {{"type": "cdk:asset-manifest", "properties": listed}},
    }}
    if nested:
        artifacts["stage"] = {{"type": "cdk:cloud-assembly", "properties": nested}}
    (out / "manifest.json").write_text(json.dumps({{"artifacts": artifacts}}))

def link(name, to):
    path = out / name
    if path.exists():
        path.rename(out / "old")
    path.symlink_to(to)

{does}
"""
_SECRET = "aws_secret_access_key = stolen"
Write = Callable[[str], None]


@pytest.fixture
def write(repository: FolderRepository, tmp_path: Path) -> Write:
    """Makes the unit an app that writes an assembly; a file of the build's user lies where no build may read."""
    secret = tmp_path / "home" / ".aws" / "credentials"
    secret.parent.mkdir(parents=True)
    secret.write_text(_SECRET)
    folder = "projects/orders"
    (repository.folder / folder / "template.yaml").unlink()
    repository.write(f"{folder}/cdk.json", json.dumps({"app": f"{sys.executable} app.py"}))
    return lambda does: repository.write(f"{folder}/app.py", _APP.format(secret=str(secret), does=does))


def test_an_assembly_that_keeps_to_its_folder_is_published(write: Write, workshop: Workshop) -> None:
    """So what the other tests refuse is refused for what they change alone."""
    write("write()")
    (asset,) = workshop.build().manifest.assets
    assert workshop.store.get(asset.key) == b"mine"
    assert asset.key.endswith(f"/{asset.sha256}.txt")


@pytest.mark.parametrize(
    ("does", "path"),
    [
        ("source['path'] = str(secret); write()", "credentials' .* is no path within"),
        ("source['path'] = os.path.relpath(secret, out); write()", "credentials' .* is no path within"),
        ("source.update(path=str(secret_folder), packaging='zip'); write()", r"\.aws' .* is no path within"),
        ("write(); link('asset.txt', secret)", "'asset.txt' .* is a symbolic link"),
        ("source['path'] = 'code/credentials'; write(); link('code', secret_folder)", "'code/credentials' .* link"),
        ("source.update(path='code', packaging='zip'); write(); link('code', secret_folder)", "'code' .* link"),
        ("source.update(path='code', packaging='zip'); write(); link('code/x', secret)", "'code/x' .* link"),
        ("write(); link('manifest.json', secret)", "'manifest.json' .* is a symbolic link"),
        ("stack['templateFile'] = str(secret); write()", "credentials' .* is no path within"),
        ("write(); link('orders.template.json', secret)", "'orders.template.json' .* is a symbolic link"),
        ("listed['file'] = str(secret); write()", "credentials' .* is no path within"),
        ("write(); link('orders.assets.json', secret)", "'orders.assets.json' .* is a symbolic link"),
        ("nested['directoryName'] = str(secret_folder); write()", r"\.aws' .* is no path within"),
        ("nested['directoryName'] = 'stage'; write(); link('stage', secret_folder)", "'manifest.json' .* link"),
        ("write(); out.rename(out.with_name('old')); out.symlink_to(secret_folder)", "'manifest.json' .* link"),
        ("write(); (out / 'asset.txt').unlink(); os.mkfifo(out / 'asset.txt')", "'asset.txt' .* no regular file"),
        ("source['path'] = 'none.txt'; write()", "'none.txt' .* is not there"),
    ],
)
def test_an_assembly_that_leads_elsewhere_is_refused(does: str, path: str, write: Write, workshop: Workshop) -> None:
    """With the unit, the file and the path; nothing of what it led to is published or told."""
    write(does)
    with pytest.raises(ConfigurationError, match=path) as raised:
        workshop.build()
    assert str(raised.value).startswith("projects/orders/cdk.json: ")
    assert "what the app of orders wrote" in str(raised.value)
    assert _SECRET not in str(raised.value)
    assert not [key for key in workshop.published() if "/assets/" in key]


def test_an_app_cannot_lead_what_the_build_writes_elsewhere(write: Write, workshop: Workshop, tmp_path: Path) -> None:
    """Links in the places where archives, logs and templates once were written lead nowhere."""
    target = tmp_path / "home" / "profile"
    target.write_text("before")
    names = (
        "['code.zip', '../dev.template.json', '../../lint.log', '../../requirements.zip', '../../published-layer.zip']"
    )
    write(
        "source.update(path='code', packaging='zip'); write()\n"
        f"for name in {names}:\n    (out / name).is_symlink() or (out / name).symlink_to({str(target)!r})"
    )
    (asset,) = workshop.build().manifest.assets
    assert asset.key.endswith(".zip")
    assert target.read_text() == "before"


def test_an_app_that_replaces_files_of_the_unit_replaces_them_for_nobody_else(
    write: Write, workshop: Workshop, tmp_path: Path
) -> None:
    """What is released was read before it ran, and what a link leads to is not written to."""
    profile = tmp_path / "home" / "pyproject.toml"
    profile.write_text('[project]\nname = "orders"\nversion = "7.0"\n')
    write(f"write(); path = Path('pyproject.toml'); path.unlink(); path.symlink_to({str(profile)!r})")
    manifest = workshop.build().manifest
    assert manifest.version == "0.1.0"
    assert profile.read_text().endswith('version = "7.0"\n')


@confined
def test_an_app_that_was_refused_something_is_told_what_it_may_do(write: Write, workshop: Workshop) -> None:
    """Its own output names only the file; and that cdk.json names it, too, gives it nothing."""
    write("try: print(secret.read_text())\nexcept OSError: os.listdir('/')")
    path = workshop.repository.folder / "projects/orders/cdk.json"
    secret = workshop.repository.folder.parent / "home/.aws/credentials"
    app, context = f"{sys.executable} app.py {secret} x:{secret}", {"x": f"a {secret} http://169.254.169.254/"}
    path.write_text(json.dumps({"app": app, "context": context}))
    with pytest.raises(BuildError, match="PermissionError") as raised:
        workshop.build()
    assert "the app of projects/orders/cdk.json failed for dev" in str(raised.value)
    assert "the unit's code may write only in its own folder, $HOME and $TMPDIR" in str(raised.value)
    assert _SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('{"app": "python app.py", "context": 7}', "cdk.json: context must be an object"),
        ("[" * 100_000, "cdk.json: is not valid: it is nested too deeply"),
    ],
)
def test_a_cdk_json_that_is_none_is_told(settings: str, problem: str, write: Write, workshop: Workshop) -> None:
    """In a sentence, and no stack trace."""
    write("write()")
    workshop.repository.write("projects/orders/cdk.json", settings)
    with pytest.raises(ConfigurationError, match=problem):
        workshop.build()


@pytest.mark.parametrize(
    ("does", "problem"),
    [
        ("", r"the app of orders wrote no cloud assembly: does it call app\.synth\(\)\?"),
        ("write(); (out / 'manifest.json').write_text('{')", "is not a cloud assembly: JSONDecodeError"),
        ("write(); (out / 'manifest.json').write_text('[]')", "is not a cloud assembly: AttributeError"),
        ("write(); (out / 'manifest.json').write_text('[' * 100000)", "is not a cloud assembly: RecursionError"),
        ("write(); (out / 'manifest.json').write_bytes(bytes([255]))", "is not a cloud assembly: Unicode"),
        ("stack.clear(); write()", "is not a cloud assembly: KeyError: 'templateFile'"),
        ("source['path'] = 7; write()", "is not a cloud assembly: (Attribute|Type)Error"),
        ("write(); (out / 'orders.assets.json').write_text('{\"files\": [1]}')", "is not a cloud assembly"),
    ],
)
def test_what_is_no_assembly_is_told(does: str, problem: str, write: Write, workshop: Workshop) -> None:
    """In a sentence, and no stack trace."""
    write(does)
    with pytest.raises(ConfigurationError, match=problem):
        workshop.build()


def test_an_app_that_makes_no_folder_is_told_as_well(write: Write, workshop: Workshop) -> None:
    """That is what the CDK does when nothing is synthesized."""
    write("import shutil; shutil.rmtree(out)")
    with pytest.raises(ConfigurationError, match="wrote no cloud assembly"):
        workshop.build()
