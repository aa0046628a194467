"""Templates that name local folders, as existing SAM repositories do."""

import copy
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from orchestrator.build.local_code import LocalFunction, check_wheel, use_artifacts
from orchestrator.build.template import read_template
from orchestrator.errors import ConfigurationError
from orchestrator.releases.template_code import wheel_functions

SAM = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, CodeUri: src/}
Resources:
  Api: {Type: AWS::Serverless::Function, Properties: {Handler: app.handle}}
  Night:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.night, CodeUri: night, Layers: ["arn:aws:lambda:eu-west-1:1:layer:other:1"]}
"""
SAME = {"app.py": "x = 1", "pkg/__init__.py": "y = 1"}
WHEEL_CODE = {"Bucket": {"Ref": "ArtifactsBucket"}, "Key": {"Ref": "SourceKey"}}


def use(text: str) -> tuple[dict[str, Any], tuple[LocalFunction, ...]]:
    """Read a template and use the artifacts in it."""
    return use_artifacts(read_template(text.encode(), "t.yaml"), "t.yaml")


def wheel(files: dict[str, str]) -> bytes:
    """A wheel with some files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()


def test_local_folders_become_the_wheel() -> None:
    """Existing templates need no edit."""
    document, functions = use(SAM)
    assert wheel_functions(document) == ["Api", "Night"]
    resources = document["Resources"]
    assert resources["Api"]["Properties"] == {
        "Handler": "app.handle",
        "CodeUri": WHEEL_CODE,
    }
    assert document["Globals"] == {"Function": {"Runtime": "python3.13"}}
    assert set(document["Parameters"]) == {"ArtifactsBucket", "SourceKey"}
    assert functions == (LocalFunction("Api", "src/", "app.handle"), LocalFunction("Night", "night", "app.night"))


def test_plain_functions_may_name_a_folder_too() -> None:
    """As for `aws cloudformation package`."""
    document, _ = use(
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: a.b, Runtime: !Ref Runtime}}}"
    )
    code = {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": {"Ref": "SourceKey"}}
    assert document["Resources"] == {
        "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": code, "Handler": "a.b", "Runtime": {"Ref": "Runtime"}},
        }
    }


def test_a_template_without_local_folders_stays_as_it_is() -> None:
    """Nothing is declared or added."""
    document = read_template(
        b"Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: pass}, Handler: index.f}}}",
        "t.yaml",
    )
    before = copy.deepcopy(document)
    assert use_artifacts(document, "t.yaml") == (before, ())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("app.handle", "app", "Handler = 'app' must be text such as"),
        ("Handler: app.handle", "Handler: app.handle, PackageType: Image", "Resources.Api is a container image"),
        (
            "  Night:",
            "  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: deps/}}\n  Night:",
            "write ContentUri: {Bucket: !Ref ArtifactsBucket, Key: !Ref LayerKey}",
        ),
        (
            "  Night:",
            "  S: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: s.asl.json}}\n  Night:",
            "Resources.S.Properties.DefinitionUri = 's.asl.json' is a local path. Only the code of functions",
        ),
    ],
)
def test_what_cannot_run_from_the_wheel_is_refused_with_what_to_write(old: str, new: str, problem: str) -> None:
    """Before anything is built."""
    assert old in SAM
    with pytest.raises(ConfigurationError) as raised:
        use(SAM.replace(old, new))
    assert problem in str(raised.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template's folder with code in `src`."""
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "src" / "app.py").write_text("x = 1")
    (tmp_path / "src" / "requirements.txt").write_text("six")
    (tmp_path / "src" / "pkg" / "__init__.py").write_text("y = 1")
    return tmp_path


def test_a_wheel_with_the_same_files_stands_in_for_the_folder(folder: Path) -> None:
    """Modules and packages alike; a list of requirements is no code."""
    functions = (LocalFunction("A", "src/", "app.handle"), LocalFunction("B", "./src", "pkg.handle"))
    assert check_wheel(tuple(one.looked_up(folder, folder) for one in functions), wheel(SAME), "t.yaml") == []


def test_what_the_wheel_leaves_out_is_told(folder: Path) -> None:
    """`sam build` would have packaged it."""
    for number in range(6):
        (folder / "src" / f"data{number}.json").write_text("{}")
    (warning,) = check_wheel(
        (LocalFunction("A", "src", "app.handle").looked_up(folder, folder),), wheel(SAME), "t.yaml"
    )
    assert warning.endswith("leaves out data0.json, data1.json, data2.json, data3.json, data4.json and 1 more.")


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (LocalFunction("A", "src", "app.handle"), "but it has no app.py; at its top it has orders"),
        (LocalFunction("A", "src", "none.handle"), "Handler = 'none.handle': src has no none.py"),
        (LocalFunction("A", "..", "app.handle"), "'..', which is no folder that this unit has"),
        (LocalFunction("A", "src/app.py", "app.handle"), "which is no folder that this unit has"),
    ],
)
def test_a_handler_that_the_wheel_lacks_is_refused(function: LocalFunction, problem: str, folder: Path) -> None:
    """It would fail at its first call, in every environment."""
    with pytest.raises(ConfigurationError) as raised:
        check_wheel((function.looked_up(folder, folder),), wheel({"orders/app.py": "x = 1"}), "t.yaml")
    assert problem in str(raised.value)


def test_a_handler_with_other_bytes_is_refused(folder: Path) -> None:
    """A build backend can write what it wants."""
    with pytest.raises(ConfigurationError, match=r"but it has another app\.py"):
        check_wheel(
            (LocalFunction("A", "src", "app.handle").looked_up(folder, folder),), wheel({"app.py": "x = 2"}), "t.yaml"
        )
