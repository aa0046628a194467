"""What functions run on, resolved from a template alone."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.platforms.choice import Choice, cases, values
from orchestrator.build.platforms.known import python_runtimes
from orchestrator.build.platforms.resolve import FunctionRuntime, runtimes_of
from orchestrator.build.platforms.scope import Scope
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError

DEFAULT = Platform("3.13", "arm64")
_RUNTIMES = st.sampled_from(["python3.9", "python3.12", "python3.14", "nodejs22.x", "provided.al2023"])
_ARCHITECTURES = st.sampled_from(["x86_64", "arm64"])
_CONDITIONS = ("IsProd", "IsArm", "IsLarge")


def template(properties: Mapping[str, Any], **sections: Any) -> dict[str, Any]:
    """A template with one function, `F`."""
    return {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": properties}}, **sections}


def resolved(document: Mapping[str, Any], **given_: str) -> Any:
    """What its function runs on."""
    return runtimes_of(document, Scope(document, given_), DEFAULT, "t.yaml")["F"]


class Written:
    """A template that is written while its values are drawn."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.given: dict[str, str] = {}
        self.mapping: dict[str, str] = {}

    def form(self, draw: st.DataObject, value: str, depth: int = 2) -> Any:
        """One of the forms that a value can be written in."""
        name = f"P{len(self.parameters) + len(self.mapping)}"
        match draw.draw(st.sampled_from(["plain", "default", "given", "mapped", "text", "same"])):
            case "default":
                self.parameters[name] = {"Type": "String", "Default": value}
                return {"Ref": name}
            case "given":
                self.parameters[name] = {"Type": "String", "Default": "another"}
                self.given[name] = value
                return {"Ref": name}
            case "mapped":
                self.mapping[name] = value
                key = self.form(draw, name, depth - 1) if depth else name
                return {"Fn::FindInMap": ["Map", "first", key]}
            case "text":
                self.parameters[name] = {"Type": "String", "Default": value[2:]}
                return {"Fn::Sub": f"{value[:2]}${{{name}}}"}
            case "same":
                return {"Fn::If": ["Either", value, value]}
            case _:
                return value

    def document(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The template."""
        return template(properties, Parameters=self.parameters, Mappings={"Map": {"first": self.mapping}})


@given(_RUNTIMES, _ARCHITECTURES, st.data())
def test_a_value_is_the_same_in_every_form(runtime: str, architecture: str, data: st.DataObject) -> None:
    """Parameters, mappings, texts and conditions that make no difference."""
    written = Written()
    properties = {
        "Runtime": written.form(data, runtime),
        "Architectures": [written.form(data, architecture)],
    }
    assert resolved(written.document(properties), **written.given) == FunctionRuntime(runtime, architecture)


def _choices(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.tuples(st.sampled_from(_CONDITIONS), inner, inner).map(lambda one: {"Fn::If": list(one)}),
        max_leaves=5,
    )


def decided(value: Any, known: Mapping[str, bool]) -> Any:
    """What CloudFormation makes of conditions."""
    while isinstance(value, dict):
        condition, yes, no = value["Fn::If"]
        value = yes if known[condition] else no
    return value


def chosen(value: Any, known: Mapping[str, bool]) -> Any:
    """The same of what was resolved."""
    while isinstance(value, Choice):
        value = value.yes if known[value.condition] else value.no
    return value


@given(_choices(_RUNTIMES), _choices(_ARCHITECTURES), st.fixed_dictionaries(dict.fromkeys(_CONDITIONS, st.booleans())))
def test_conditions_choose_as_in_cloudformation(runtime: Any, architecture: Any, known: Mapping[str, bool]) -> None:
    """However they are nested; no condition is asked twice on the way to a value."""
    found = resolved(template({"Runtime": runtime, "Architectures": [architecture]}))
    assert chosen(found, known) == FunctionRuntime(decided(runtime, known), decided(architecture, known))
    for conditions, value in cases(found):
        assert chosen(found, {**known, **conditions}) == value
    assert set(values(found)) == {value for _, value in cases(found)}


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["P", "Map", "python3.9"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["Ref", "Fn::If", "Fn::FindInMap", "Fn::Sub", "Fn::Join", "x"]), inner, max_size=2
        ),
    ),
    max_leaves=20,
)


@given(_JSON, _JSON, _JSON, _JSON)
def test_anything_is_resolved_or_refused(runtime: Any, architectures: Any, parameters: Any, mappings: Any) -> None:
    """Nothing else is ever raised."""
    document = template(
        {"Runtime": runtime, "Architectures": architectures}, Parameters={"P": parameters}, Mappings={"Map": mappings}
    )
    with suppress(ConfigurationError):
        assert all(one.architecture in ("x86_64", "arm64") for one in values(resolved(document)))


def test_anchors_that_repeat_each_other_take_no_time() -> None:
    """A few lines of YAML can stand for billions of values."""
    value: Any = "python3.12"
    for number in range(60):
        value = {"Fn::If": [f"C{number}", value, value]}
    with pytest.raises(ConfigurationError, match="stand in each other"):
        resolved(template({"Runtime": value}))


def test_what_a_function_does_not_say_has_a_default() -> None:
    """The runtime is the organization's; the architecture is Lambda's own default, not the organization's."""
    assert resolved(template({})) == FunctionRuntime("python3.13", "x86_64")
    left_out = {"Runtime": {"Ref": "AWS::NoValue"}, "Architectures": [{"Ref": "AWS::NoValue"}]}
    assert resolved(template(left_out)) == FunctionRuntime("python3.13", "x86_64")
    assert resolved(template({"PackageType": "Image", "Architectures": ["arm64"]})) == FunctionRuntime("", "arm64")


def test_lists_of_parameters_and_of_mappings_hold_one_architecture() -> None:
    """As CloudFormation splits them."""
    parameters = {"A": {"Type": "CommaDelimitedList", "Default": "arm64"}}
    assert resolved(template({"Architectures": {"Ref": "A"}}, Parameters=parameters)).architecture == "arm64"
    mappings = {"M": {"a": {"b": ["arm64"]}}}
    found = resolved(template({"Architectures": {"Fn::FindInMap": ["M", "a", "b"]}}, Mappings=mappings))
    assert found.architecture == "arm64"


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (
            {"Runtime": "python3.99"},
            "Runtime = 'python3.99': 'python3.99' is not a Python 3 runtime of Lambda; valid are",
        ),
        ({"Runtime": "python2.7"}, "valid are python3.6, python3.7,"),
        ({"Runtime": 3.12}, "Runtime = 3.12: it must be text such as 'python3.13'"),
        ({"Runtime": {"Ref": "Open"}}, "the parameter Open has neither a Default nor a value in the unit's parameters"),
        ({"Runtime": {"Ref": "Stored"}}, "Stored is looked up in Parameter Store by each deployment"),
        ({"Runtime": {"Ref": "Queue"}}, "Queue is not a parameter, so what to build for is not known. Write a plain"),
        ({"Runtime": {"Fn::ImportValue": "x"}}, "Fn::ImportValue is computed by the deployment"),
        ({"Runtime": {"Fn::FindInMap": ["M", "a", "b"]}}, "Mappings.M.a.b does not exist"),
        ({"Runtime": {"Fn::Sub": ["a", {}]}}, "Fn::Sub is computed only for a short text"),
        ({"Architectures": ["x86_64", "arm64"]}, "Architectures = ['x86_64', 'arm64']: write [x86_64] or [arm64]"),
        ({"Architectures": ["arm"]}, "Architectures = ['arm']: write [x86_64] or [arm64]"),
        ({"Architectures": {"x": "arm64"}}, "Architectures = {'x': 'arm64'}: write [x86_64] or [arm64]"),
    ],
)
def test_what_cannot_be_known_is_refused_with_what_to_write(properties: dict[str, Any], problem: str) -> None:
    """With the file, the function and the property."""
    parameters = {
        "Open": {"Type": "String"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/runtime"},
    }
    with pytest.raises(ConfigurationError) as raised:
        resolved(template(properties, Parameters=parameters))
    assert str(raised.value).startswith("t.yaml: Resources.F.Properties.")
    assert problem in str(raised.value)


def test_an_adopted_stack_keeps_its_own_values() -> None:
    """A Default says nothing of what such a stack runs on; what the unit's settings say does."""
    document = template({"Runtime": {"Ref": "P"}}, Parameters={"P": {"Type": "String", "Default": "python3.12"}})
    with pytest.raises(ConfigurationError, match="keeps its value of the parameter P, unless orders says"):
        runtimes_of(document, Scope(document, {}, keeps=True, where="orders says"), DEFAULT, "t.yaml")
    known = runtimes_of(document, Scope(document, {"P": "python3.11"}, keeps=True), DEFAULT, "t.yaml")
    assert known == {"F": FunctionRuntime("python3.11", "x86_64")}


def test_only_named_functions_are_resolved() -> None:
    """What is not built may run on whatever is looked up in the deployment."""
    document = template({"Runtime": {"Fn::ImportValue": "x"}})
    assert runtimes_of(document, Scope(document, {}), DEFAULT, "t.yaml", names=()) == {}


def test_the_runtimes_of_lambda_are_those_that_cfn_lint_knows() -> None:
    """In order of version, not of text; the one of `[lambda]` is valid even if cfn-lint is older than it."""
    assert python_runtimes()[0] == "python3.6"
    assert python_runtimes().index("python3.9") < python_runtimes().index("python3.10")
    assert python_runtimes()[-1] >= "python3.14"
    document = template({"Runtime": "python3.99"})
    assert runtimes_of(document, Scope(document, {}), Platform("3.99", "arm64"), "t.yaml")
