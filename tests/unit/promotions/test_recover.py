"""Retrying and stopping executions, with a Step Functions that answers what a test tells it to."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from mypy_boto3_stepfunctions import SFNClient

from orchestrator.errors import RequestError
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.recover import Recovery
from orchestrator.promotions.start import Starter

MACHINE = "arn:aws:states:eu-west-1:111111111111:stateMachine:promote-orders"
EXECUTION = "arn:aws:states:eu-west-1:111111111111:execution:promote-orders:merge-1"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def recovery(client: SFNClient) -> Recovery:
    """What is tested."""
    return Recovery(client, Starter(client, lambda: NOW), Follower(client, lambda _: None))


def answer(answers: Stubber, status: str, **more: Any) -> None:
    """DescribeExecution answers with a status."""
    found = {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "name": "merge-1",
        "status": status,
        "startDate": NOW,
    }
    answers.add_response("describe_execution", {**found, **more}, {"executionArn": EXECUTION})


def test_what_failed_unexpectedly_is_redriven(recovery: Recovery, answers: Stubber) -> None:
    """The same execution goes on, at the step that failed."""
    answer(answers, "FAILED", error="DeploymentError", redriveStatus="REDRIVABLE")
    answers.add_response("redrive_execution", {"redriveDate": NOW}, {"executionArn": EXECUTION})
    assert recovery.retry(EXECUTION, ["dev", "prod"]) == EXECUTION


@pytest.mark.parametrize(
    "error", ["RequestError", "REJECTED", "TIMED_OUT", "HELD", "QUARANTINED", "FAILED", "ROLLED_BACK"]
)
def test_what_ended_as_it_was_meant_to_is_not(recovery: Recovery, answers: Stubber, error: str) -> None:
    """It would end in the same way; the message says how to begin anew."""
    answer(answers, "FAILED", error=error, cause="because", redriveStatus="REDRIVABLE")
    with pytest.raises(RequestError, match=f"as it was meant to .{error}.: because Start another"):
        recovery.retry(EXECUTION, ["dev"])


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_what_did_not_fail_is_not(recovery: Recovery, answers: Stubber, status: str) -> None:
    """There is nothing to go on with."""
    answer(answers, status)
    with pytest.raises(RequestError, match="nothing to retry"):
        recovery.retry(EXECUTION, ["dev"])


def test_what_cannot_be_redriven_is_promoted_anew_from_where_it_failed(recovery: Recovery, answers: Stubber) -> None:
    """The same release, without a build, and not in the name of the merge."""
    given = {"branch": "main", "commit": "c", "digest": "d", "to": "prod"}
    answer(answers, "FAILED", error="DeploymentError", input=json.dumps(given), redriveStatus="NOT_REDRIVABLE")
    output = json.dumps({"release": {"version": "0.1.0"}})
    names = [
        ("TaskStateEntered", "Resolve release"),
        ("TaskStateEntered", "Plan dev"),
        ("TaskStateEntered", "Plan prod"),
    ]
    events: list[dict[str, Any]] = [
        {"id": number, "timestamp": NOW, "type": kind, "stateEnteredEventDetails": {"name": name}}
        for number, (kind, name) in enumerate(names)
    ]
    left = {"name": "Resolve release", "output": output}
    events.insert(1, {"id": 9, "timestamp": NOW, "type": "TaskStateExited", "stateExitedEventDetails": left})
    answers.add_response("get_execution_history", {"events": events})
    wanted = {"from": "prod", "retry_of": "merge-1", "to": "prod", "version": "0.1.0"}
    started = {"stateMachineArn": MACHINE, "name": ANY, "input": json.dumps(wanted, sort_keys=True)}
    answers.add_response("start_execution", {"executionArn": "new", "startDate": NOW}, started)
    assert recovery.retry(EXECUTION, ["dev", "prod"]) == "new"


def test_an_execution_is_stopped_with_the_reason(recovery: Recovery, answers: Stubber) -> None:
    """And only while it runs."""
    answer(answers, "RUNNING")
    stop = {"executionArn": EXECUTION, "error": "ABORTED", "cause": "not today"}
    answers.add_response("stop_execution", {"stopDate": NOW}, stop)
    recovery.abort(EXECUTION, "not today")
    answer(answers, "FAILED")
    with pytest.raises(RequestError, match="has ended already"):
        recovery.abort(EXECUTION, "not today")


def test_an_unknown_execution_is_said_to_be_unknown(recovery: Recovery, answers: Stubber) -> None:
    """With where to look."""
    answers.add_client_error("describe_execution", "ExecutionDoesNotExist")
    with pytest.raises(RequestError, match="There is no execution"):
        recovery.abort(EXECUTION, "")
