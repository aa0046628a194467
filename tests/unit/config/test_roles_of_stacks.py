"""The roles that CloudFormation deploys some stacks with."""

import pytest

from orchestrator.config.environment import Environment
from orchestrator.config.load import load_organization
from orchestrator.errors import ConfigurationError
from tests.organization_toml import organization_toml


def environment(roles: str) -> Environment:
    """An environment with such roles."""
    text = organization_toml("dev") + f"cloudformation_roles = {{ {roles} }}\n"
    return load_organization(text.encode()).environments[0]


@pytest.mark.parametrize(
    ("stack", "role"),
    [
        ("app-billing-tax", "billing"),
        ("app-billing-tax-test", "billing"),
        # What it holds is called `app-billing-...`.
        ("app-billing", "billing"),
        ("app-billings", "orchestrator-cloudformation"),
        ("app-orders", "orchestrator-cloudformation"),
        ("orders-live", "orchestrator-cloudformation"),
    ],
)
def test_a_stack_is_deployed_with_the_role_of_its_name(stack: str, role: str) -> None:
    """Or with that of all others."""
    assert environment('"app-billing-*" = "billing"').role_for(stack) == role


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ('"app-billing-*" = "billing", "app-billing-tax-*" = "tax"', "holds 'app-billing-tax-\\*'"),
        ('"app-billing-*" = "orchestrator-deployer"', "is the deployer_role or cloudformation_role already"),
        ('"billing-*" = "billing"', "write what stacks of some units begin with, such as 'app-billing-\\*'"),
        ('"app-*" = "billing"', "write what stacks of some units begin with"),
        ('"app-billing" = "billing"', "a pattern of stacks ends with '-\\*'"),
    ],
)
def test_roles_that_cannot_be_told_apart_are_refused(roles: str, said: str) -> None:
    """With what is valid."""
    with pytest.raises(ConfigurationError, match=said):
        environment(roles)
