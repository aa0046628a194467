"""Tags of stacks: what CloudFormation takes, and who may set which."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.load import load_organization, load_unit
from orchestrator.config.organization import Organization
from orchestrator.errors import ConfigurationError
from tests.organization_toml import organization_toml

_TAGS = '\n[tags]\nCostCenter = "4711"\nStage = "any"\n'


def organization(text: str = _TAGS, of_prod: str = '\ntags = { Stage = "live" }\n') -> Organization:
    """An organization with tags, and with others in prod."""
    return load_organization(f"{organization_toml('dev', 'prod')}{of_prod}{text}")


def refused(tags: dict[str, str], whole: Organization | None = None) -> str:
    """Why a unit cannot have some tags."""
    listed = "\n".join(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in tags.items())
    text = f'[project]\nname = "orders"\nversion = "0.1.0"\n[tool.orchestrator.tags]\n{listed}\n'
    with pytest.raises(ConfigurationError) as caught:
        load_unit(text, "projects/orders", whole or organization())
    return str(caught.value)


def test_tags_of_an_environment_override_those_of_the_organization() -> None:
    """Stacks in other environments keep the organization's."""
    whole = organization()
    assert whole.tagged_environment("dev").tags == {"CostCenter": "4711", "Stage": "any"}
    assert whole.tagged_environment("prod").tags == {"CostCenter": "4711", "Stage": "live"}
    assert whole.environment("prod").tags == {"Stage": "live"}


def test_a_unit_adds_tags_and_changes_none_of_the_organization() -> None:
    """The message names the file that sets it; IAM compares keys without their case."""
    text = '[project]\nname = "orders"\nversion = "0.1.0"\n[tool.orchestrator.tags]\nTeam = "orders"\n'
    assert load_unit(text, "projects/orders", organization()).settings.tags == {"Team": "orders"}
    said = refused({"costcenter": "1"})
    assert said.startswith(
        "projects/orders/pyproject.toml: tool.orchestrator.tags names costcenter, which orchestrator"
    )
    assert said.endswith("sets for all stacks in dev: remove it here.")


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"aws:x": "1"}, "'aws:x' begins with 'aws:': AWS sets these"),
        ({"AWS:x": "1"}, "'AWS:x' begins with 'aws:'"),
        ({"orchestrator:unit": "x"}, "the orchestrator tells stacks apart by these"),
        ({"Orchestrator:Environment": "x"}, "the orchestrator tells stacks apart by these"),
        ({"k" * 129: "1"}, "must have 1 to 128 characters"),
        ({"k": ""}, "the value of 'k' must have 1 to 256 characters"),
        ({"k": "v" * 257}, "the value of 'k' must have 1 to 256 characters"),
        ({"k": "a;b"}, "the value of 'k' may hold letters, digits, spaces and _.:/=+-@"),
        ({"k\n": "a"}, "may hold letters, digits, spaces"),
        ({"Team": "a", "team": "b"}, "'Team', 'team' differ in case alone"),
        (
            {f"k{number}": "1" for number in range(51)},
            "a stack can have 50 tags, 2 are the orchestrator's, these are 51",
        ),
        ({f"k{number}": "1" for number in range(47)}, "stacks in dev would have 51 tags"),
    ],
)
def test_what_cloudformation_would_refuse_is_refused(tags: dict[str, str], said: str) -> None:
    """Before anything is deployed, with the key; nobody can take the orchestrator's own."""
    assert said in refused(tags)


def test_the_organization_is_held_to_the_same() -> None:
    """In both of its places."""
    with pytest.raises(ConfigurationError, match=r"orchestrator\.toml: tags = .* is not valid: 'aws:x' begins with"):
        organization('\n[tags]\n"aws:x" = "1"\n')
    with pytest.raises(ConfigurationError, match=r"environments\.1\.tags = .* is not valid: the value of 'k'"):
        organization("", '\ntags = { k = "" }\n')


@given(st.text(alphabet=st.characters(categories=["L", "Nd"]), min_size=1, max_size=40))
def test_letters_of_all_languages_are_allowed(word: str) -> None:
    """As CloudFormation does."""
    whole = organization(f'\n[tags]\n{json.dumps("x " + word, ensure_ascii=False)} = "é @ 1"\n', "")
    assert list(whole.tags.values()) == ["é @ 1"]
