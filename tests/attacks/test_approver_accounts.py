"""Attack: somebody in an account that units deploy to makes a role there, and approves prod with it."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from orchestrator.bootstrap.guardrails import drafted, record, records_of
from orchestrator.config.infrastructure import GUARDRAILS_TABLE
from orchestrator.config.load import load_organization
from orchestrator.errors import ConfigurationError
from orchestrator.guardrails.document import Guardrails
from tests.ledger_table import make_ledger_table
from tests.organization_toml import organization_toml
from tests.recorded import ADMINISTRATOR, RECORDED_AT

DEV, PROD, TOOLING, OTHER = "222222222222", "333333333333", "111111111111", "999999999999"
COMPANY = organization_toml("dev", "prod")


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    """The tooling account, with nothing recorded."""
    with mock_aws():
        made = boto3.Session(region_name="eu-west-1")
        make_ledger_table(made, GUARDRAILS_TABLE)
        yield made


def apply(session: boto3.Session, text: str) -> Guardrails:
    """Record guardrails, as an administrator does."""
    version = drafted(load_organization(text), None, ADMINISTRATOR, RECORDED_AT)
    return record(records_of(session, lambda: RECORDED_AT), version, session.client("iam"))


@pytest.mark.parametrize(("account", "environment"), [(DEV, "dev"), (PROD, "prod")])
def test_an_account_that_units_deploy_to_cannot_hold_approvers(
    session: boto3.Session, account: str, environment: str
) -> None:
    """Of whichever environment: who makes roles there makes approvers."""
    said = f"environments.prod: approver_accounts names {account}, which {environment} deploys to: whoever can make"
    with pytest.raises(ConfigurationError, match=said):
        apply(session, f'{COMPANY}requires_approval = true\napprover_accounts = ["{OTHER}", "{account}"]\n')


@pytest.mark.parametrize("tooling", [TOOLING, DEV])
def test_other_accounts_and_the_tooling_account_may(session: boto3.Session, tooling: str) -> None:
    """Whoever rules the tooling account can do anything anyway, also where an environment deploys to it."""
    text = COMPANY.replace(f'account = "{TOOLING}"', f'account = "{tooling}"', 1)
    made = apply(session, f'{text}requires_approval = true\napprover_accounts = ["{OTHER}", "{tooling}"]\n')
    assert made.organization.environment("prod").approver_accounts == (OTHER, tooling)
