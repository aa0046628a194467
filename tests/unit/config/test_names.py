"""Names of units out of names of folders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from orchestrator.config.base import UnitName
from orchestrator.config.load import load_organization
from orchestrator.config.names import qualified_name, unit_name
from orchestrator.config.unit import Unit, UnitSettings

_LEGAL = TypeAdapter(UnitName)
_LONGEST_ENVIRONMENT = "e" * 20
_ORGANIZATION = f"""
stack_prefix = "{"a" * 19}-"
tooling = {{ account = "111111111111", region = "eu-west-1" }}
environments = [{{ name = "{_LONGEST_ENVIRONMENT}", account = "222222222222", region = "eu-west-1" }}]
"""


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("orders", "orders"),
        ("nightly_report", "nightly_report"),
        ("OrderService", "orderservice"),
        ("Tax 2024", "tax-2024"),
        ("orders.v2", "orders-v2"),
        ("2024", "unit-2024"),
        ("Größe", "grosse"),
        ("smørrebrød", "smorrebrod"),
        ("カタログ", "kataroku"),
        ("٣", "unit-3"),
        ("---", "unit-cb3f91d5"),
        ("🚀", "unit-ebbc0b28"),
        ("a" * 40, "a" * 40),
        ("a" * 200, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-c2a908d9"),
    ],
)
def test_a_folders_name_becomes_a_units(folder: str, name: str) -> None:
    """These are promises: another name would be another unit, with stacks of its own."""
    assert unit_name(folder) == name


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=255))
def test_every_folder_has_a_legal_name(folder: str) -> None:
    """Which is the name of itself, so that nothing changes when the folder is renamed to it."""
    name = unit_name(folder)
    assert _LEGAL.validate_python(name) == name
    assert unit_name(name) == name


@given(st.text("ab-_ÄЖ .", min_size=1, max_size=255))
def test_everything_that_is_named_after_a_unit_is_within_the_limits_of_aws(folder: str) -> None:
    """Also with the longest names of environments and prefixes. Source: the quotas of Step Functions and of stacks."""
    organization = load_organization(_ORGANIZATION)
    unit = Unit(name=unit_name(folder), folder=folder, version="1", settings=UnitSettings())
    assert len(unit.state_machine_name) <= 80
    assert len(unit.gate_name(_LONGEST_ENVIRONMENT)) <= 80
    assert len(unit.promotion_stack_name) <= 128
    assert len(unit.stack_name(_LONGEST_ENVIRONMENT, organization)) <= 128


def test_long_names_that_differ_at_the_end_stay_different() -> None:
    """That is what the hash is for."""
    assert unit_name("a" * 199 + "b") != unit_name("a" * 199 + "c")


def test_folders_of_one_name_are_told_apart_by_those_above() -> None:
    """What the message about two units of one name proposes."""
    assert qualified_name("teams/Billing/api") == "teams-billing-api"
