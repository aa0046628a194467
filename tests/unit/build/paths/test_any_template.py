"""Whatever a template says, people get a sentence and never an exception."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.build.paths.look import look_at
from orchestrator.build.template import read_template
from orchestrator.errors import OrchestratorError
from orchestrator.releases.path_properties import PATH_PROPERTIES
from tests.unit.build.paths.unit_folder import UnitFolder

_LOOP = {"Fn::ForEach::A": ["x", ["a", "b"], {"${x}": "src"}]}
_INTRINSICS: list[Any] = [
    *({"Ref": value} for value in ("P", "Nowhere", 5, ["x"])),
    *({"Fn::Sub": value} for value in ("src/${P}", "src", 7, ["${a}", {"a": "src"}], [1])),
    *({"Fn::If": value} for value in (["C", "src", "src/app.py"], ["C", "src"], "x", [1, {"Ref": "P"}, None])),
    *({"Fn::Join": value} for value in (["", ["src"]], [",", ["src/app.py", {"Ref": "P"}]], 3)),
    *({"Fn::FindInMap": value} for value in (["M", "a", "b"], [{"Ref": "P"}, 1, 2], [])),
    *({"Fn::Transform": value} for value in ({"Name": "AWS::Include", "Parameters": {"Location": "inc.yaml"}}, [1])),
    *({"Fn::Select": [0, ["src"]]}, {"Fn::GetAtt": "a"}, _LOOP, {"Fn::ForEach::A": "z"}),
]
_TEXTS = [
    "",
    "src",
    "src/app.py",
    "nope",
    "s3://a/b",
    "https://a/b",
    "src\0",
    "a" * 5000,
    "../..",
    "/etc/passwd",
    "${x}",
]
_VALUES = st.sampled_from(
    [*_TEXTS, *_INTRINSICS, None, True, 1.5, [], {}, ["src"], "t.yaml", {"S3Bucket": 1, "S3Key": 2}]
)
_NAMES = (
    "Runtime",
    "Handler",
    "Layers",
    "PackageType",
    "Parameters",
    "Architectures",
    "InlineCode",
    "Tags",
    "ImageUri",
)
_TYPES = st.sampled_from([*sorted({one.type for one in PATH_PROPERTIES}), "AWS::SNS::Topic", None, ["x"]])


@st.composite
def _resources(draw: st.DrawFn) -> Any:
    """A resource whose type fits its properties, which hold anything."""
    kind = draw(_TYPES)
    made: dict[str, Any] = draw(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=3))
    for one in PATH_PROPERTIES:
        if one.type == kind and draw(st.booleans()):
            *parents, last = ["A" if name == "*" else name for name in one.path]
            inner = made
            for name in parents:
                known = inner.get(name)
                inner[name] = known if isinstance(known, dict) else {}
                inner = inner[name]
            inner[last] = draw(_VALUES)
    metadata = draw(st.none() | _VALUES | st.just({"BuildMethod": "makefile"}))
    return {"Type": kind, "Properties": made, **({"Metadata": metadata} if metadata else {})}


_LOOPS = st.builds(
    lambda values, body: ["x", values, {"F${x}": body}], st.sampled_from([["a", "b"], {"Ref": "P"}]), _resources()
)
_TEMPLATES = st.fixed_dictionaries(
    {"Resources": st.dictionaries(st.sampled_from(["A", "B", "Fn::ForEach::L"]), _resources() | _LOOPS, min_size=1)},
    optional={
        "Globals": st.fixed_dictionaries({"Function": _VALUES | st.builds(lambda value: {"CodeUri": value}, _VALUES)}),
        "Parameters": st.sampled_from([{"P": {"Type": "String", "Default": one}} for one in ("src", "s3://a/b", 5)]),
        "Mappings": st.builds(lambda value: {"M": {"a": {"b": value}}}, _VALUES),
        "Metadata": st.builds(lambda value: {"AWS::ServerlessRepo::Application": {"LicenseUrl": value}}, _VALUES),
        "Transform": _VALUES | st.just("AWS::Serverless-2016-10-31"),
    },
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> UnitFolder:
    """A unit with a file, and a file to be included."""
    made = UnitFolder(Path(tmp_path_factory.mktemp("any")))
    made.write("src/app.py")
    made.write("inc.yaml", "Included: {Type: AWS::SNS::Topic}\n")
    return made


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_TEMPLATES, _TEMPLATES)
def test_no_exception_but_a_sentence_escapes(folder: UnitFolder, template: Any, nested: Any) -> None:
    """Types where others are expected, functions within functions, loops, and the same in a nested template."""
    folder.write("t.yaml", json.dumps(nested))
    text = json.dumps(template)
    with suppress(OrchestratorError):
        look_at(read_template(text.encode(), "t.json"), "t.json")
    with suppress(OrchestratorError):
        json.dumps(folder.finish(text, has_layer=True, name="it.json").document)
