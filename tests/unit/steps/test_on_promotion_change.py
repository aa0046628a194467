"""What is recorded and told of a promotion whose build failed on CodeBuild."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.ledger.ledger import Ledger
from orchestrator.releases.failure import Failure
from orchestrator.steps.contract import Execution
from orchestrator.steps.on_promotion_change import PromotionChange, PromotionChanged
from tests.ledger_table import make_ledger_table

START = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:states:eu-west-1:111111111111:execution:promote-orders:merge-1"
EXECUTION = Execution(id=ARN, name="merge-1", started_at=START)
CAUSE = json.dumps({"Build": {"Id": "orchestrator-build:1", "BuildStatus": "FAILED"}})


class StepFunctions:
    """Describes one execution, which failed in its build on CodeBuild."""

    def __init__(self, error: str) -> None:
        self.error = error

    def describe_execution(self, **_arguments: str) -> dict[str, Any]:
        """Describe it."""
        machine = "arn:aws:states:eu-west-1:111111111111:stateMachine:promote-orders"
        described = {"executionArn": ARN, "name": "merge-1", "stateMachineArn": machine, "status": "FAILED"}
        return {**described, "startDate": START, "stopDate": START, "error": self.error, "cause": CAUSE}


class Topic:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def publish(self, **arguments: str) -> None:
        """Keep it."""
        self.messages.append(arguments["Message"])


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """An empty ledger."""
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        yield Ledger(make_ledger_table(session), lambda: START)


def end(ledger: Ledger, error: str) -> tuple[str, str, str]:
    """End the promotion; returns the outcome, what history shows and what people are told."""
    stepfunctions: Any = StepFunctions(error)
    topic: Any = Topic()
    event = PromotionChanged.model_validate({"detail": {"executionArn": ARN, "status": "FAILED"}})
    PromotionChange(ledger, stepfunctions, topic, "arn:topic")(event)
    (recorded,) = ledger.promotions.promotions("orders")
    return recorded.outcome, recorded.message, topic.messages[0]


def test_what_the_build_said_is_in_the_history_and_in_the_notice(ledger: Ledger) -> None:
    """Step Functions knows only that a build failed."""
    said = "Build of orders failed at 'lock dependencies': no wheel."
    ledger.promotions.record_failed_build("orders", EXECUTION, Failure("BuildError", said))
    outcome, shown, told = end(ledger, "States.TaskFailed")
    assert (outcome, shown) == ("BuildError", said)
    assert said in told


def test_a_build_that_could_not_say_anything_is_told_by_codebuild(ledger: Ledger) -> None:
    """Its machine may have died."""
    outcome, shown, _ = end(ledger, "States.TaskFailed")
    assert (outcome, shown) == ("States.TaskFailed", "The CodeBuild build orchestrator-build:1 ended as FAILED.")


def test_a_later_failure_is_not_taken_for_the_build_s(ledger: Ledger) -> None:
    """A promotion that was redriven may have built well and failed elsewhere."""
    ledger.promotions.record_failed_build("orders", EXECUTION, Failure("BuildError", "no wheel"))
    assert end(ledger, "AccessError")[0] == "AccessError"
