"""Attacks on CloudTrail's record: events that look like the start of an execution, and are not."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from orchestrator.steps.contract import Status
from tests.attacks.gate import PROMOTION, TOOLING, Gate, user

GATE = f"arn:aws:states:eu-west-1:{TOOLING}:execution:clock-approve-prod:by-hand"
GIVEN = {"release": "0.2.0", "decision": "approve", "plan": "0a1b2c3d4e5f"}


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Only Alice may decide, and not on what she started."""
    with mock_aws():
        made = Gate(approvers=[user("alice")], excluded_approvers=["starter"])
        made.wait()
        yield made


_ASKED = {"stateMachineArn": GATE.rsplit(":", 1)[0].replace(":execution:", ":stateMachine:"), "name": "by-hand"}


@pytest.mark.parametrize(
    "differing",
    [
        {"errorCode": "AccessDenied"},
        {"errorMessage": "not today"},
        {"errorCode": "ExecutionAlreadyExists", "responseElements": None, "requestParameters": _ASKED},
        {"responseElements": None, "requestParameters": _ASKED},
        {"eventSource": "codepipeline.amazonaws.com"},
        {"eventName": "StartSyncExecution"},
        {"awsRegion": "us-east-1"},
        {"recipientAccountId": "9" * 12},
        {"responseElements": {"executionArn": f"{GATE}-2"}},
        {"responseElements": {"executionArn": GATE.replace("eu-west-1", "us-east-1")}},
        {"userIdentity": {"type": "AWSService", "invokedBy": "events.amazonaws.com"}},
    ],
)
def test_what_did_not_start_the_gate_there_does_not_say_who_did(gate: Gate, differing: dict[str, Any]) -> None:
    """A start of somebody else that failed, another service's event, another place: Mallory gets no name by it."""
    gate.started(PROMOTION, user("bob"))
    gate.started(GATE, user("alice"), **differing)
    result = gate.by_gate(GATE, GIVEN)
    assert result.status is Status.IN_PROGRESS
    gate.started(GATE, user("alice"))
    assert gate.by_gate(GATE, GIVEN).status is (Status.REFUSED if "userIdentity" in differing else Status.APPROVED)


def test_a_failed_start_of_the_promotion_does_not_hide_who_started_it(gate: Gate) -> None:
    """Alice starts it, and has Bob's start of the same name fail right before."""
    gate.started(PROMOTION, user("bob"), errorCode="ExecutionAlreadyExists")
    gate.started(PROMOTION, user("alice"))
    refused = gate.decide(user("alice"))
    assert (refused.status, "alice started the promotion" in refused.message) == (Status.REFUSED, True)


def test_several_who_started_one_execution_are_refused(gate: Gate) -> None:
    """Starting it again with the same input succeeds: the first one found need not be who did."""
    gate.started(PROMOTION, user("bob"))
    gate.started(PROMOTION, user("alice"))
    refused = gate.decide(user("alice"))
    assert (refused.status, "CloudTrail names several" in refused.message) == (Status.REFUSED, True)
    gate.started(GATE, user("alice"))
    gate.started(GATE, user("mallory"))
    refused = gate.by_gate(GATE, GIVEN)
    assert (refused.status, "CloudTrail names several" in refused.message) == (Status.REFUSED, True)


def test_a_request_that_hides_its_train_is_not_approved(gate: Gate) -> None:
    """Of what a train started, CloudTrail knows the train's role alone: who started the train may be who decides."""
    gate.started(PROMOTION, f"arn:aws:sts::{TOOLING}:assumed-role/orchestrator-train/a1b2c3")
    answer = gate.decide(user("alice"))
    assert (answer.status, "does not say which one" in answer.message) == (Status.REFUSED, True)
