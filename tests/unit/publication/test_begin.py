"""begin_publish where histories name workers, and where CodeBuild builds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.errors import AccessError
from orchestrator.ledger.builds import PreparedBuild
from orchestrator.ledger.ledger import Ledger
from orchestrator.publication.begin import BeginPublish, Publisher
from orchestrator.publication.codebuild import CodeBuildFacts
from orchestrator.publication.contract import BeginPublishInput, Purpose, new_secret
from orchestrator.releases.sha256 import sha256_of
from tests.ledger_table import make_ledger_table

EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:promote-clock:merge-1"
PUBLISHER = Publisher(
    role="arn:aws:iam::123456789012:role/orchestrator-publisher",
    bucket="arn:aws:s3:::artifacts",
    table="arn:aws:dynamodb:eu-west-1:123456789012:table/ledger",
    promotions="arn:aws:states:eu-west-1:123456789012:execution:promote-",
)
NONCE = new_secret()


class StepFunctions:
    """An execution in Build, whose task a worker took."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = [
            {"id": 1, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Build"}}
        ]

    def taken(self, worker: str) -> None:
        """Let a worker take the next task."""
        number = len(self.events) + 1
        self.events += [
            {"id": number, "type": "ActivityScheduled"},
            {"id": number + 1, "type": "ActivityStarted", "activityStartedEventDetails": {"workerName": worker}},
        ]

    def describe_execution(self, **_arguments: str) -> dict[str, str]:
        """It runs."""
        return {"status": "RUNNING"}

    def get_paginator(self, _operation: str) -> "StepFunctions":
        """Of its history."""
        return self

    def paginate(self, **_arguments: Any) -> Iterator[dict[str, Any]]:
        """One page."""
        yield {"events": self.events}


@pytest.fixture
def stepfunctions() -> StepFunctions:
    """Step Functions, with the execution."""
    return StepFunctions()


@pytest.fixture
def begin(stepfunctions: StepFunctions) -> Iterator[BeginPublish]:
    """begin_publish, with a build prepared."""
    client: Any = stepfunctions
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        builds = Ledger(make_ledger_table(session), lambda: datetime(2026, 1, 1, tzinfo=UTC)).builds
        builds.prepare("clock", "merge-1", PreparedBuild(sha256_of(NONCE.encode()), 2_000_000_000))
        yield BeginPublish(builds, client, session.client("sts"), PUBLISHER, None)


def asked(worker: str, **changes: Any) -> BeginPublishInput:
    """What a worker asks."""
    usual = {"execution": EXECUTION, "nonce": NONCE, "key": new_secret(), "purpose": Purpose.READ, "worker": worker}
    return BeginPublishInput.model_validate({**usual, **changes})


def test_only_the_worker_that_took_the_task_publishes(begin: BeginPublish, stepfunctions: StepFunctions) -> None:
    """Another one that reads the secret is refused, and the right one is not kept from it."""
    stepfunctions.taken("w1")
    with pytest.raises(AccessError, match="was given to the worker 'w1', not to 'w2'"):
        begin(asked("w2"))
    assert begin(asked("w1")).unit == "clock"


def test_a_worker_whose_heart_stopped_takes_nothing_from_the_next_one(
    begin: BeginPublish, stepfunctions: StepFunctions
) -> None:
    """It may still be at work, with the same secret."""
    stepfunctions.taken("w1")
    late = asked("w1")
    begin(late)
    stepfunctions.events.append({"id": len(stepfunctions.events) + 1, "type": "ActivityTimedOut"})
    stepfunctions.taken("w2")
    with pytest.raises(AccessError, match="was given to the worker 'w2', not to 'w1'"):
        begin(late)
    assert begin(asked("w2")).unit == "clock"


def test_where_codebuild_builds_what_it_says_counts(begin: BeginPublish, stepfunctions: StepFunctions) -> None:
    """Not what the caller says of itself."""

    class Knows:
        def batch_get_builds(self, *, ids: list[str]) -> dict[str, Any]:
            return {"builds": [], "buildsNotFound": ids}

    stepfunctions.taken("w1")
    with pytest.raises(AccessError, match="CodeBuild does not know the build ''"):
        replace(begin, codebuild=CodeBuildFacts(Knows()))(asked("w1"))
