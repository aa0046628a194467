"""Reading and checking templates."""

import json
from typing import Any

import pytest

from orchestrator.build.template import (
    LARGEST_TEMPLATE,
    WELL_KNOWN_PARAMETERS,
    check_parameters,
    read_template,
    template_json,
)
from orchestrator.config.load import load_organization, load_unit
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from tests.unit.build.fakes import ORGANIZATION

RESOURCES = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}"


@pytest.fixture(scope="module")
def organization() -> Organization:
    """Two environments, dev and prod."""
    return load_organization(ORGANIZATION)


def unit(organization: Organization, settings: str = "") -> Unit:
    """A unit with some lines in [tool.orchestrator]."""
    text = f'[project]\nname = "orders"\nversion = "0.1.0"\n[tool.orchestrator]\n{settings}'
    return load_unit(text, "projects/orders", organization)


def check(
    organization: Organization, parameters: dict[str, Any], settings: str = "", *, has_layer: bool = True
) -> None:
    """Check a template with some parameters."""
    document = {"Parameters": parameters, "Resources": {"Topic": {}}}
    check_parameters(
        document, unit(organization, settings), organization, layers={"LayerKey": has_layer}, file="t.yaml"
    )


def test_a_template_is_read_from_yaml_or_json_alike() -> None:
    """Which of the two is told by the file's name."""
    document = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    assert read_template(RESOURCES.encode(), "t.yaml") == document
    assert read_template(json.dumps(document, indent="\t").encode(), "t.json") == document


def test_the_stored_template_is_json_in_the_order_of_its_author() -> None:
    """A diff of two releases stays readable."""
    text = template_json(read_template(b"Resources: {B: {}, A: {}}\nDescription: x", "t.yaml"), "t.yaml")
    assert text == b'{"Resources":{"B":{},"A":{}},"Description":"x"}'


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("t.yaml", "a: [", "line 2, column 1: did not find expected node content"),
        ("t.yaml", "Resources:\n  A: {}\n  A: {}", "line 3, column 3: the key 'A' is there twice"),
        ("t.yaml", "a: b: c", "line 1, column 5: mapping values are not allowed"),
        ("t.yaml", "", "is not a CloudFormation template: it needs a mapping 'Resources'"),
        ("t.yaml", "[Resources]", "is not a CloudFormation template"),
        ("t.yaml", "Resources: []", "is not a CloudFormation template"),
        ("t.yaml", "Resources: {}", "is not a CloudFormation template"),
        ("t.yaml", "Resources: {A: {}}\nParameters: [B]", "Parameters must be a mapping"),
        ("t.yaml", "\0", "cannot be read"),
        ("t.yaml", "[" * 5000, "exceeded maximum nesting depth"),
        ("t.json", '{\n "Resources": }', "line 2, column 15: Expecting value"),
        ("t.json", '{"Resources": {"A": {}, "A": {}}}', "the key 'A' is there twice"),
        ("t.json", '{"Resources": {"A": NaN}}', "NaN is not a JSON value"),
    ],
)
def test_what_is_no_template_is_refused_with_file_and_place(file: str, text: str, problem: str) -> None:
    """The person who reads it finds the spot."""
    with pytest.raises(ConfigurationError) as raised:
        read_template(text.encode(), file)
    assert str(raised.value).startswith(f"{file}: ")
    assert problem in str(raised.value)


def test_a_template_that_is_too_large_is_refused() -> None:
    """CloudFormation would refuse it after everything was built."""
    with pytest.raises(ConfigurationError, match="is too large"):
        read_template(b"#" * (LARGEST_TEMPLATE + 1), "t.yaml")


def test_anchors_that_multiply_are_stopped_before_they_fill_the_memory() -> None:
    """Thirty lines would be 2**30 values, which nothing that reads the template would come to the end of."""
    lines = "".join(f"  K{n}: &k{n} [*k{n - 1}, *k{n - 1}]\n" for n in range(1, 31))
    with pytest.raises(ConfigurationError, match=r"values when its YAML aliases are written out.*Use fewer aliases"):
        read_template(f"Resources:\n  K0: &k0 x\n{lines}".encode(), "t.yaml")


def test_anchors_that_repeat_a_long_text_are_stopped_when_they_are_written() -> None:
    """As values they are few."""
    text = f"Resources:\n  K0: &k {'x' * 1000}\n  K1: [{', '.join(['*k'] * 2000)}]\n"
    document = read_template(text.encode(), "t.yaml")
    with pytest.raises(ConfigurationError, match="is too large"):
        template_json(document, "t.yaml")


def test_an_anchor_that_refers_to_itself_is_refused() -> None:
    """JSON has no such thing."""
    with pytest.raises(ConfigurationError, match="an anchor refers to itself"):
        read_template(b"Resources: &a {A: *a}", "t.yaml")


def test_well_known_parameters_and_defaults_need_no_setting(organization: Organization) -> None:
    """A unit that uses them has nothing to configure."""
    check(organization, {**{name: {"Type": "String"} for name in WELL_KNOWN_PARAMETERS}, "Size": {"Default": 1}})


def test_a_parameter_without_a_value_is_named_with_its_environments(organization: Organization) -> None:
    """Set for dev only, it is missing in prod."""
    with pytest.raises(ConfigurationError) as raised:
        check(organization, {"Size": {"Type": "Number"}}, "[tool.orchestrator.parameters.dev]\nSize = '1'")
    assert "t.yaml: Parameters.Size has no value in prod: give it a Default" in str(raised.value)
    assert "projects/orders/pyproject.toml under [tool.orchestrator.parameters.prod]" in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [
        "[tool.orchestrator.parameters.default]\nSize = '1'",
        "[tool.orchestrator.parameters]\ndev = {Size = '1'}\nprod = {Size = '2'}",
        "environments = ['dev']\n[tool.orchestrator.parameters.dev]\nSize = '1'",
    ],
)
def test_a_parameter_may_be_set_for_all_environments_or_for_each(organization: Organization, settings: str) -> None:
    """Environments that the unit does not go to need no value."""
    check(organization, {"Size": {"Type": "Number"}}, settings)


def test_a_setting_for_a_parameter_that_is_not_declared_is_refused(organization: Organization) -> None:
    """Most likely a typing error; the declared names are listed."""
    with pytest.raises(ConfigurationError) as raised:
        check(organization, {"Size": {"Default": 1}}, "[tool.orchestrator.parameters.prod]\nSiez = '1'")
    assert "tool.orchestrator.parameters sets 'Siez' for prod" in str(raised.value)
    assert "it declares Size." in str(raised.value)


def test_a_layer_key_without_dependencies_is_refused_unless_it_has_a_default(organization: Organization) -> None:
    """An empty default is how a template says that it does without."""
    check(organization, {"LayerKey": {"Type": "String", "Default": ""}}, has_layer=False)
    with pytest.raises(ConfigurationError, match=r"LayerKey is declared, but the unit has no dependencies"):
        check(organization, {"LayerKey": {"Type": "String"}}, has_layer=False)
