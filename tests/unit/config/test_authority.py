"""Authority over configuration keys."""

import pytest

from orchestrator.config.authority import Authority, authority_of, undeclared
from orchestrator.config.base import Settings
from orchestrator.config.environment import Environment
from orchestrator.config.load import load_organization
from orchestrator.config.organization import Organization
from orchestrator.config.unit import UnitSettings
from orchestrator.errors import ConfigurationError
from tests.organization_toml import organization_toml


@pytest.mark.parametrize("model", [Organization, UnitSettings])
def test_every_key_declares_who_decides(model: type[Settings]) -> None:
    """A new key without an authority would be open to any merge."""
    assert list(undeclared(model)) == []


def test_a_key_without_authority_is_found() -> None:
    """Also one in a table of a table."""

    class Inner(Settings):
        forgotten: int = 0

    class Outer(Settings):
        inner: Inner = Inner()

    assert list(undeclared(Outer)) == ["inner.forgotten"]


@pytest.mark.parametrize("key", ["name", "targets", "deployer_role", "cloudformation_role", "stack_suffix"])
def test_where_and_as_whom_an_environment_deploys_is_an_administrators(key: str) -> None:
    """The accounts, roles and names of stacks are never a merge's."""
    assert authority_of(Environment.model_fields[key]) is Authority.ADMINISTRATOR


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("approval = true", "requires_approval"),
        ("approvals = 2", "required_approvals"),
        ('approver_is_not = ["author"]', "excluded_approvers"),
    ],
)
def test_a_key_with_its_former_name_is_refused_with_the_new_one(old: str, new: str) -> None:
    """It is not read as the new one: what it meant differs."""
    key = old.split(" ", maxsplit=1)[0]
    with pytest.raises(ConfigurationError, match=rf"environments\.0\.{key} is called environments\.0\.{new} now"):
        load_organization(organization_toml("dev") + old + "\n")
