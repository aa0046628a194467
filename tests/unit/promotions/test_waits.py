"""Why an execution waits, and how its end is told of which no event came."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from mypy_boto3_stepfunctions import SFNClient

from orchestrator.cli.unseen import unseen_end
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.waits import reason_in

EXECUTION = "arn:aws:states:eu-west-1:111111111111:execution:orchestrator-train:billing-42"
FROZEN = {"status": "FROZEN", "message": "prod is frozen until Monday: Audit.", "retry_after": 2700}


def entered(name: str, document: dict[str, Any], kind: str = "WaitStateEntered") -> dict[str, Any]:
    """The newest event of a history."""
    at = datetime(2026, 1, 1, 8, tzinfo=UTC)
    return {"type": kind, "timestamp": at, "stateEnteredEventDetails": {"name": name, "input": json.dumps(document)}}


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("Wait to plan prod", {"now": FROZEN}),
        ("Plan releases prod: wait", {"input": {}, "plan": FROZEN}),
        ("Wait to plan prod", {"environments": {"prod": {"plan": FROZEN, "approval": None}}}),
        (
            "Wait to deploy prod",
            {"environments": {"dev": {}, "prod": {"plan": {"status": "PLANNED"}, "deployment": FROZEN}}},
        ),
    ],
)
def test_what_passes_by_itself_is_told_of_trains_and_of_promotions(name: str, document: dict[str, Any]) -> None:
    """In the words of the step that found it: what was lifted since is noticed when it looks again."""
    assert reason_in(entered(name, document)) == "prod is frozen until Monday: Audit. It looks again at 08:45 UTC."


@pytest.mark.parametrize(
    "event",
    [
        entered("Plan prod", {"now": FROZEN}, kind="TaskStateEntered"),
        entered("Wait to settle prod", {"now": {"status": "IN_PROGRESS", "message": "orders still moves."}}),
        entered("Wait to deploy prod", {"environments": {"dev": {"plan": FROZEN}, "prod": {"plan": None}}}),
        {"type": "TaskScheduled"},
    ],
)
def test_what_is_at_work_waits_for_nothing(event: dict[str, Any]) -> None:
    """Nor does what waited once: only the newest event counts."""
    assert not reason_in(event)


@pytest.mark.parametrize(
    ("status", "seconds", "said"),
    [("RUNNING", None, None), ("SUCCEEDED", 5, "ended just now"), ("ABORTED", 600, "ended unseen")],
)
def test_nobody_is_alarmed_by_an_end_whose_event_is_on_its_way(
    status: str, seconds: int | None, said: str | None, client: SFNClient, answers: Stubber
) -> None:
    """The advice to retry a build that had just ended well was wrong."""
    described: dict[str, Any] = {
        "executionArn": EXECUTION,
        "stateMachineArn": EXECUTION.replace(":execution:", ":stateMachine:"),
        "status": status,
        "startDate": datetime(2026, 1, 1, tzinfo=UTC),
    }
    if seconds is not None:
        described["stopDate"] = datetime.now(UTC) - timedelta(seconds=seconds)
    answers.add_response("describe_execution", described, {"executionArn": EXECUTION})
    assert unseen_end(client, EXECUTION) == said


def test_an_execution_that_step_functions_forgot_has_ended_unseen(client: SFNClient, answers: Stubber) -> None:
    """It keeps them for 90 days."""
    answers.add_client_error("describe_execution", "ExecutionDoesNotExist")
    assert unseen_end(client, EXECUTION) == "ended unseen"


def test_whoever_waits_for_an_end_is_told_at_each_look_that_it_has_not_come(
    client: SFNClient, answers: Stubber
) -> None:
    """So that people who must decide find out."""
    common = {"executionArn": EXECUTION, "stateMachineArn": EXECUTION, "startDate": datetime(2026, 1, 1, tzinfo=UTC)}
    for status in ("RUNNING", "RUNNING", "SUCCEEDED"):
        answers.add_response("describe_execution", {**common, "status": status})
    looks: list[str] = []
    found = Follower(client, lambda _: None).result(EXECUTION, lambda: looks.append("look"))
    assert (found["status"], looks) == ("SUCCEEDED", ["look", "look"])
