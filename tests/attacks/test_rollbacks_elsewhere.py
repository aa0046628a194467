"""Attack: a merge names another stack, and a rollback, which nobody approves, then replaces what is in that stack."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.steps.contract import Release
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

DEAR = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/dear", "Type": "String", "Value": "dear"}}
NEW = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/new", "Type": "String", "Value": "new"}}
OLDER = {"Resources": {"Table": DEAR}}
BACK: dict[str, Any] = {"version": "1.0.0", "rollback": True, "reason": "it failed", "from": "prod", "to": "prod"}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company whose prod holds a stack that units may take over."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("prod",), adopt=("network",)) as made:
        for target in range(2):
            made.client("prod", "cloudformation", target).create_stack(
                StackName="network", TemplateBody=json.dumps(OLDER)
            )
        yield made


@pytest.fixture(scope="module")
def good(company: MotoCompany) -> Release:
    """A release that worked in prod, in the unit's own stack, where a newer one works now."""
    for version in ("1.0.0", "1.1.0"):
        steps = Steps(company, company.publish(version), "prod", f"deploys-{version}")
        steps.deployed()
        assert steps("smoke_test")["status"] == "SUCCEEDED"
    return company.ledger.releases.release("clock", "1.0.0")


def networks(company: MotoCompany) -> list[list[str]]:
    """What is in the stack that is not the unit's, by target."""
    clients = [company.client("prod", "cloudformation", target) for target in range(2)]
    listed = [one.list_stack_resources(StackName="network")["StackResourceSummaries"] for one in clients]
    return [[one["LogicalResourceId"] for one in found] for found in listed]


def test_a_rollback_into_another_stack_waits_for_approval(company: MotoCompany, good: Release) -> None:
    """The release worked in prod, and never in that stack."""
    steps = Steps(company, good, "prod", "back-elsewhere", stack="network")
    plan = steps("plan", request=BACK)
    assert plan["requires_approval"] is True
    answer = steps("deploy", plan=plan, approval=None, request=BACK)
    assert answer["status"] == "NOT_APPROVED"
    assert networks(company) == [["Table"], ["Table"]]


def test_a_rollback_in_the_same_stack_needs_nobody(company: MotoCompany, good: Release) -> None:
    """As before."""
    steps = Steps(company, good, "prod", "back-here")
    assert steps("plan", request=BACK)["requires_approval"] is False


def test_a_failed_deployment_to_another_stack_gives_it_back(company: MotoCompany, good: Release) -> None:
    """It returns to what it was, and not to a release that nobody wanted there."""
    release = company.publish("2.0.0", stack_name="network", template={"Resources": {"New": NEW}})
    steps = Steps(company, release, "prod", "fails-elsewhere", stack="network")
    deployed = steps.deployed()
    tested = {"status": "FAILED", "message": "It does not answer."}
    part = {"deployment": deployed["deployment"], "smoke_test": tested}
    answer = steps("roll_back", environment_part=part)
    assert answer["status"] == "ROLLED_BACK", answer["message"]
    assert networks(company) == [["Table"], ["Table"]]
    assert good.version in company.ledger.environments.running("clock", "prod").good
