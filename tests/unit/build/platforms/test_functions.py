"""Functions of templates, with what SAM's `Globals` give them."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from samtranslator.plugins.globals.globals import Globals

from orchestrator.build.platforms.functions import functions_of, with_globals

_VALUES = st.sampled_from(
    ["text", 3, {"Ref": "Parameter"}, {"Fn::If": ["Is", 1, 2]}, {"A": "1"}, {"B": "2"}, ["x"], []]
)
_PROPERTIES = st.dictionaries(
    st.sampled_from(["Runtime", "Architectures", "Layers", "Environment", "Tags", "Handler"]),
    st.one_of(_VALUES, st.dictionaries(st.sampled_from(["Variables", "Other"]), _VALUES)),
)


@given(_PROPERTIES, _PROPERTIES)
def test_globals_are_merged_as_sam_merges_them(shared: dict[str, Any], own: dict[str, Any]) -> None:
    """The judge is SAM's own translator."""
    template = {"Globals": {"Function": copy.deepcopy(shared)}, "Resources": {}}
    expected = Globals(template).merge("AWS::Serverless::Function", copy.deepcopy(own))
    assert with_globals(shared, own) == expected


def test_functions_are_found_in_both_dialects_and_in_loops() -> None:
    """Globals are SAM's; what is not a resource is ignored."""
    loop = ["Name", ["A", "B"], {"${Name}Function": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "x"}}}]
    document = {
        "Globals": {"Function": {"Runtime": "python3.12"}},
        "Resources": {
            "Plain": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}},
            "Sam": {"Type": "AWS::Serverless::Function"},
            "Fn::ForEach::Functions": loop,
            "Fn::Transform": {"Name": "AWS::Include"},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Odd": ["no", "resource"],
        },
    }
    found = {function.name: dict(function.properties) for function in functions_of(document)}
    assert found == {
        "Plain": {"Handler": "a.b"},
        "Sam": {"Runtime": "python3.12"},
        "${Name}Function": {"Runtime": "x"},
    }


def test_a_template_without_sections_has_no_functions() -> None:
    """Whatever stands in their places."""
    assert list(functions_of({"Globals": [], "Resources": []})) == []
