"""The code of functions and layers: the wheel, or an archive as SAM would package it."""

import zipfile
from pathlib import Path

import pytest

from orchestrator.build.paths.code import CodeSource
from orchestrator.build.platforms.own_layers import ADDED_LAYER
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError
from orchestrator.releases.template_code import dependency_layers, wheel_functions
from tests.unit.build.paths.unit_folder import BUCKET, HANDLER, SAM, UnitFolder, properties, python, transformed

FUNCTION = "Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: app.handle"
ONE = f"{SAM}Resources:\n  Worker: {{{FUNCTION}, CodeUri: src/}}}}\n"
WHEEL = {"Bucket": BUCKET, "Key": {"Ref": "SourceKey"}}


def test_a_folder_that_the_wheel_holds_runs_the_wheel_with_the_layer(unit: UnitFolder) -> None:
    """Existing templates need no edit."""
    unit.write("src/app.py")
    finished = unit.finish(ONE, wheel={"app.py": HANDLER, "more.py": ""}, has_layer=True)
    assert wheel_functions(finished.document) == ["Worker"]
    assert dependency_layers(finished.document) == {ADDED_LAYER: "LayerKey"}
    assert properties(finished, "Worker")["Layers"] == [{"Ref": ADDED_LAYER}]
    assert set(finished.document["Parameters"]) == {"ArtifactsBucket", "SourceKey", "LayerKey"}
    assert (finished.files, finished.notes) == ({}, ())
    code = transformed(finished.document)["Resources"]["Worker"]["Properties"]["Code"]
    assert code == {"S3Bucket": BUCKET, "S3Key": {"Ref": "SourceKey"}}


@pytest.mark.parametrize(
    ("wheel", "is_plain"),
    [
        ({"app.py": "x = 1\n"}, False),
        ({"orders/app.py": HANDLER}, False),
        ({"app.py": HANDLER, "helper.py": "another = 1\n"}, False),
        ({"app.py": HANDLER}, True),
    ],
)
def test_a_folder_that_the_wheel_does_not_hold_becomes_an_archive(
    wheel: dict[str, str], unit: UnitFolder, *, is_plain: bool
) -> None:
    """The handler elsewhere or another one, another module beside it, or one that is not there at all."""
    unit.write("src/app.py")
    unit.write("src/helper.py", "same = 1\n")
    finished = unit.finish(ONE, wheel=wheel, is_plain=is_plain, has_layer=True)
    code = properties(finished, "Worker")["CodeUri"]
    assert code["Bucket"] == BUCKET
    assert unit.files(finished, code["Key"]) == {"app.py": HANDLER, "helper.py": "same = 1\n"}
    assert properties(finished, "Worker")["Layers"] == [{"Ref": ADDED_LAYER}]
    assert [one.code for one in python(finished)] == [finished.files[code["Key"]]]


def test_what_a_wheel_of_a_build_backend_leaves_out_is_told(unit: UnitFolder) -> None:
    """`sam build` would have packaged it."""
    for name in ("app.py", *(f"data{number}.json" for number in range(6))):
        unit.write(f"src/{name}")
    (note,) = unit.finish(ONE, wheel={"app.py": HANDLER}, is_plain=False).notes
    assert note.endswith("leaves out data0.json, data1.json, data2.json, data3.json, data4.json and 1 more.")


def test_each_function_with_a_module_of_the_same_name_gets_its_own_archive(unit: UnitFolder) -> None:
    """As `sam init` lays functions out; equal folders are one object."""
    for name, text in (("create", "create"), ("remove", "remove"), ("again", "create")):
        unit.write(f"{name}/app.py", f"{HANDLER}# {text}\n")
    functions = "".join(
        f"  {name.title()}: {{{FUNCTION}, CodeUri: {name}/}}}}\n" for name in ("create", "remove", "again")
    )
    finished = unit.finish(f"{SAM}Resources:\n{functions}")
    keys = [properties(finished, name)["CodeUri"]["Key"] for name in ("Create", "Remove", "Again")]
    assert keys[0] == keys[2] != keys[1]
    assert unit.files(finished, keys[1]) == {"app.py": f"{HANDLER}# remove\n"}
    assert len(finished.files) == 2


def test_files_that_sam_leaves_out_are_left_out_and_told(unit: UnitFolder) -> None:
    """Programs stay programs, and hidden files are packaged."""
    for name in ("app.py", ".config", "bin/run", "requirements.txt", "pkg/__pycache__/x.pyc", ".venv/x.py", "lib.so"):
        unit.write(f"src/{name}")
    (unit.home / "src/bin/run").chmod(0o755)
    finished = unit.finish(ONE)
    key = properties(finished, "Worker")["CodeUri"]["Key"]
    assert sorted(unit.files(finished, key)) == [".config", "app.py", "bin/run", "requirements.txt"]
    with zipfile.ZipFile(finished.files[key]) as archive:
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}
    assert (modes["bin/run"], modes["app.py"]) == (0o755, 0o644)
    (note,) = finished.notes
    assert note.endswith("src/, which is packaged without .venv, lib.so.")


def test_a_link_is_followed_within_the_sources_alone(unit: UnitFolder) -> None:
    """A link out of them would publish what the build machine has."""
    unit.write("src/app.py")
    unit.write("shared/money.py", "EUR = 1\n")
    (unit.home / "src/money").symlink_to("../shared")
    key = properties(finished := unit.finish(ONE), "Worker")["CodeUri"]["Key"]
    assert unit.files(finished, key)["money/money.py"] == "EUR = 1\n"
    (unit.home / "src/money").unlink()
    (unit.home / "src/money").symlink_to("/etc")
    with pytest.raises(ConfigurationError, match="is a symbolic link to /etc"):
        unit.finish(ONE)


@pytest.mark.parametrize("name", ["a\nb.py", "a\\b.py", "a\x1b[31m.py"])
def test_a_name_that_no_archive_should_hold_is_refused(name: str, unit: UnitFolder) -> None:
    """Some terminals and programs obey it."""
    unit.write("src/app.py")
    unit.write(f"src/{name}")
    with pytest.raises(ConfigurationError, match="a name that no archive should hold"):
        unit.finish(ONE)


def test_missing_code_is_the_folder_of_the_template(unit: UnitFolder) -> None:
    """As the AWS CLI and the SAM CLI take it."""
    unit.write("app.py")
    finished = unit.finish(f"{SAM}Resources:\n  Worker: {{{FUNCTION}}}}}\n")
    key = properties(finished, "Worker")["CodeUri"]["Key"]
    assert unit.files(finished, key).keys() == {"app.py", "template.yaml"}
    assert transformed(finished.document)["Resources"]["Worker"]["Properties"]["Code"]["S3Key"] == key


def test_code_of_globals_becomes_that_of_each_function(unit: UnitFolder) -> None:
    """A function with its own code, or inline code, keeps that; the other globals stay."""
    for folder in ("src", "night"):
        unit.write(f"{folder}/app.py", f"{HANDLER}# {folder}\n")
    globals_ = "Globals: {Function: {Runtime: python3.13, Handler: app.handle, CodeUri: src/}}\n"
    functions = "  Day: {Type: AWS::Serverless::Function}\n"
    functions += "  Night: {Type: AWS::Serverless::Function, Properties: {CodeUri: night/}}\n"
    functions += "  Inline: {Type: AWS::Serverless::Function, Properties: {InlineCode: pass}}\n"
    finished = unit.finish(f"{SAM}{globals_}Resources:\n{functions}")
    assert finished.document["Globals"] == {"Function": {"Runtime": "python3.13", "Handler": "app.handle"}}
    for name, folder in (("Day", "src"), ("Night", "night")):
        key = properties(finished, name)["CodeUri"]["Key"]
        assert unit.files(finished, key) == {"app.py": f"{HANDLER}# {folder}\n"}
    assert properties(finished, "Inline") == {"InlineCode": "pass"}
    transformed(finished.document)


def test_a_choice_between_folders_is_made_branch_by_branch(unit: UnitFolder) -> None:
    """SAM's transform takes no function around a location, so each of its values is chosen."""
    for folder in ("src", "other"):
        unit.write(f"{folder}/app.py", f"{HANDLER}# {folder}\n")
    condition = "Parameters: {Mode: {Type: String, Default: a}}\nConditions: {IsA: !Equals [!Ref Mode, a]}\n"
    choice = "!If [IsA, src/, !If [IsA, other/, 's3://elsewhere/code.zip?versionId=7']]"
    finished = unit.finish(f"{SAM}{condition}Resources:\n  Worker: {{{FUNCTION}, CodeUri: {choice}}}}}\n")
    code = properties(finished, "Worker")["CodeUri"]
    _, first, otherwise = code["Key"]["Fn::If"]
    _, second, third = otherwise["Fn::If"]
    assert unit.files(finished, first) == {"app.py": f"{HANDLER}# src\n"}
    assert unit.files(finished, second) == {"app.py": f"{HANDLER}# other\n"}
    assert third == "code.zip"
    no_value = {"Ref": "AWS::NoValue"}
    assert code["Bucket"] == {"Fn::If": ["IsA", BUCKET, {"Fn::If": ["IsA", BUCKET, "elsewhere"]}]}
    assert code["Version"] == {"Fn::If": ["IsA", no_value, {"Fn::If": ["IsA", no_value, "7"]}]}
    assert transformed(finished.document)["Resources"]["Worker"]["Properties"]["Code"]["S3Key"] == code["Key"]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (
            "!Ref Code",
            "the parameter Code is 'src/', and a build does not follow parameters to local paths. Write 'src/'",
        ),
        ("!Sub '${Code}'", "Write 'src/' itself"),
        ("!Sub 'src/${AWS::Region}'", "what its variables will be is not known"),
        ("!If [C, src/, !Ref Code]", 'Properties.CodeUri.Fn::If[2] = {"Ref": "Code"}'),
        ("!If [C, src/, {ZipFile: pass}]", "SAM's transform takes an Fn::If here only if each branch"),
        ("nowhere/", "= 'nowhere/' is a local path, and the unit has no such file or folder"),
        ("../../other", "= '../../other' is a local path, and the unit has no such file or folder"),
        ("/etc", "= '/etc' is a local path, and the unit has no such file or folder"),
        ("https://example.com/code.zip", "only s3:// URLs name an object here"),
        ("[src]", "a build cannot know what this is"),
    ],
)
def test_code_that_cannot_be_known_is_refused_with_what_to_write(code: str, problem: str, unit: UnitFolder) -> None:
    """Before anything is built."""
    unit.write("src/app.py")
    parameters = "Parameters: {Code: {Type: String, Default: src/}}\nConditions: {C: !Equals [a, b]}\n"
    with pytest.raises(ConfigurationError) as raised:
        unit.finish(f"{SAM}{parameters}Resources:\n  Worker: {{{FUNCTION}, CodeUri: {code}}}}}\n")
    assert problem in str(raised.value)
    assert "projects/orders/template.yaml: Resources.Worker.Properties.CodeUri" in str(raised.value)


def test_a_value_that_an_environment_gives_counts_as_the_default_does(unit: UnitFolder) -> None:
    """Two of them are no local path, so it passes without."""
    template = (
        f"{SAM}Parameters: {{Code: {{Type: String}}}}\nResources:\n  Worker: {{{FUNCTION}, CodeUri: !Ref Code}}}}\n"
    )
    unit.finish(template, given={"Code": ["s3://elsewhere/one.zip", "s3://elsewhere/two.zip"]})
    with pytest.raises(ConfigurationError, match=r"the parameter Code is 'src/'"):
        unit.finish(template, given={"Code": ["s3://elsewhere/one.zip", "src/"]})


def test_archives_are_taken_as_they_are_whatever_runs_them(unit: UnitFolder) -> None:
    """A single file that is not an archive is put into one, as both tools do."""
    with zipfile.ZipFile(unit.write("build/app.jar"), "w") as archive:
        archive.writestr("App.class", "x")
    unit.write("index.js", "exports.handler = 1\n")
    function = "Type: AWS::Lambda::Function, Properties: {Role: r, Handler: App::handle"
    finished = unit.finish(
        f"Resources:\n  Java: {{{function}, Runtime: java21, Code: build/app.jar}}}}\n"
        f"  Node: {{{function}, Runtime: nodejs22.x, Code: index.js}}}}\n"
    )
    java, node = (properties(finished, name)["Code"] for name in ("Java", "Node"))
    assert (java["S3Bucket"], java["S3Key"][-4:]) == (BUCKET, ".jar")
    assert unit.asset(finished, java["S3Key"]) == (unit.home / "build/app.jar").read_bytes()
    assert unit.files(finished, node["S3Key"]) == {"index.js": "exports.handler = 1\n"}


def test_an_archive_that_leads_out_of_its_folder_is_refused(unit: UnitFolder) -> None:
    """It is unpacked here, and on Lambda."""
    with zipfile.ZipFile(unit.write("code.zip"), "w") as archive:
        archive.writestr("../app.py", HANDLER)
    with pytest.raises(ConfigurationError, match="leads out of the folder"):
        unit.finish(ONE.replace("src/", "code.zip"))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("python3.13", "nodejs20.x", "Resources.Worker.Properties.Runtime = nodejs20.x: 'src/' has to be built"),
        ("CodeUri: src/}", "CodeUri: src/}, Metadata: {BuildMethod: makefile}", "BuildMethod = 'makefile': 'src/' has"),
        ("Handler", "Layers: !Ref Given, Handler", "Layers must be a list"),
        ("Handler", "PackageType: Image, Handler", "Resources.Worker is a container image"),
        ("Resources:", f"Resources:\n  {ADDED_LAYER}: {{Type: AWS::SNS::Topic}}", "this name is what the unit's own"),
        ("Resources:", "Resources:\n  ArtifactsBucket: {Type: AWS::S3::Bucket}", "a parameter of this name tells"),
    ],
)
def test_what_a_release_cannot_hold_is_refused(old: str, new: str, problem: str, unit: UnitFolder) -> None:
    """Nothing that a template asks for is passed over."""
    unit.write("src/app.py")
    assert old in ONE
    with pytest.raises(ConfigurationError) as raised:
        unit.finish(ONE.replace(old, new), has_layer=True)
    assert problem in str(raised.value)


class RecordingBuilder:
    """Notes what it is asked for, and makes archives of the paths as they are written."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[CodeSource] = []
        self.checked: list[tuple[str, Path]] = []
        self._folder = folder

    def __call__(self, source: CodeSource) -> Path:
        """Make one."""
        self.asked.append(source)
        path = self._folder / f"{source.resource.name}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("built", source.text)
        return path

    def check(self, source: CodeSource, archive: Path) -> None:
        """Note it."""
        self.checked.append((source.resource.name, archive))


def test_an_archive_of_another_language_is_checked(unit: UnitFolder, tmp_path: Path) -> None:
    """Whoever has built it."""
    with zipfile.ZipFile(unit.home / "code.zip", "w") as archive:
        archive.writestr("index.js", "")
    code = "Properties: {Runtime: nodejs20.x, Handler: index.h, CodeUri: code.zip}"
    build = RecordingBuilder(tmp_path)
    unit.finish(f"{SAM}Resources:\n  Edge: {{Type: AWS::Serverless::Function, {code}}}\n", builder=build)
    assert [(name, path.name) for name, path in build.checked] == [("Edge", "code.zip")]


def test_what_has_to_be_built_is_handed_to_its_builder(unit: UnitFolder, tmp_path: Path) -> None:
    """With what the template says of it; the archive is an object of the release."""
    build = RecordingBuilder(tmp_path)
    unit.write("edge/index.js", "")
    unit.write("deps/requirements.txt", "six\n")
    functions = (
        "  Edge: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs20.x, Handler: index.h, CodeUri: edge}"
    )
    functions += ", Metadata: {BuildMethod: esbuild}}\n"
    functions += (
        "  Deps: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: deps}, Metadata: {BuildMethod: "
    )
    finished = unit.finish(f"{SAM}Resources:\n{functions}python3.13}}}}\n", builder=build)
    assert [
        (one.resource.name, one.method, [each.runtime for each in one.runtimes], one.is_layer) for one in build.asked
    ] == [
        ("Edge", "esbuild", ["nodejs20.x"], False),
        ("Deps", "python3.13", [], True),
    ]
    assert unit.files(finished, properties(finished, "Edge")["CodeUri"]["Key"]) == {"built": "edge"}
    assert unit.files(finished, properties(finished, "Deps")["ContentUri"]["Key"]) == {"built": "deps"}


def test_a_layer_of_the_unit_is_an_archive_and_functions_keep_it(unit: UnitFolder) -> None:
    """Shared code in the usual place of SAM; what uses it is checked with it."""
    unit.write("src/app.py", f"from common.money import euros\n{HANDLER}")
    unit.write("layers/common/python/common/money.py", "def euros(): ...\n")
    common = "  Common: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/common/}}\n"
    finished = unit.finish(f"{ONE.replace('src/', 'src/, Layers: [!Ref Common]')}{common}", has_layer=True)
    key = properties(finished, "Common")["ContentUri"]["Key"]
    assert unit.files(finished, key) == {"python/common/money.py": "def euros(): ...\n"}
    assert properties(finished, "Worker")["Layers"] == [{"Ref": "Common"}, {"Ref": ADDED_LAYER}]
    (function,) = python(finished)
    assert (function.layers, function.sees_all) == ((finished.files[key],), True)
    transformed(finished.document)


def test_a_layer_of_dependencies_that_the_template_has_is_used(unit: UnitFolder) -> None:
    """One is enough, and a function that has it by `Globals` does not get it twice."""
    unit.write("src/app.py")
    own = "  Deps: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: {Bucket: b, Key: !Ref LayerKey}}}\n"
    shared = ONE.replace("Resources:", "Globals: {Function: {Layers: [!Ref Deps]}}\nResources:")
    declared = "Parameters: {LayerKey: {Type: String}}\n"
    assert properties(unit.finish(f"{declared}{ONE}{own}", has_layer=True), "Worker")["Layers"] == [{"Ref": "Deps"}]
    assert "Layers" not in properties(unit.finish(f"{declared}{shared}{own}", has_layer=True), "Worker")


def test_a_list_of_requirements_beside_a_project_is_not_ignored(unit: UnitFolder) -> None:
    """The layer is made of the project's dependencies alone."""
    unit.write("src/app.py")
    unit.write("src/requirements.txt", "six\n")
    with pytest.raises(ConfigurationError, match=r"has a requirements\.txt.*move what it lists there"):
        unit.finish(ONE, is_plain=False)


def test_an_empty_folder_is_refused(unit: UnitFolder) -> None:
    """Lambda refuses an empty archive."""
    (unit.home / "src").mkdir()
    with pytest.raises(ConfigurationError, match="holds no file that would be packaged"):
        unit.finish(ONE)


def test_functions_run_on_what_their_template_says(unit: UnitFolder) -> None:
    """Each in an archive of its own, checked for its own Python."""
    for folder in ("src", "old"):
        unit.write(f"{folder}/app.py", f"{HANDLER}# {folder}\n")
    old = FUNCTION.replace("python3.13", "python3.12")
    finished = unit.finish(f"{ONE}  Old: {{{old}, CodeUri: old/}}}}\n", has_layer=True)
    found = {platform: [one.resource for one in functions] for platform, functions in finished.functions.items()}
    assert found == {Platform("3.13", "x86_64"): ["Worker"], Platform("3.12", "x86_64"): ["Old"]}
    assert properties(finished, "Old")["Layers"] == [{"Ref": f"{ADDED_LAYER}Python312X86"}]
