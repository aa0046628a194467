"""What CloudFormation finds of changes by hand, and what it says when it cannot look."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from orchestrator.aws.drift import Drift, DriftDetection
from orchestrator.aws.stack import Stack

NAME = "app-orders"
STACK_ID = "arn:aws:cloudformation:eu-west-1:222222222222:stack/app-orders/1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def client() -> Any:
    """CloudFormation of nobody's account."""
    return boto3.client(
        "cloudformation", region_name="eu-west-1", aws_access_key_id="nobody", aws_secret_access_key="nothing"
    )


@pytest.fixture
def aws(client: Any) -> Iterator[Stubber]:
    """Answers, in order; all of them must be asked for."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def find(client: Any, seconds: float = 0.2) -> Drift:
    """Look for drift."""
    stack = Stack(client, NAME, "222222222222/eu-west-1", lambda _: None)
    return DriftDetection.begin(client, stack).result(seconds)


def begin(aws: Stubber, **status: str) -> None:
    """Answer the begin of a detection, and the question how it stands."""
    aws.add_response("detect_stack_drift", {"StackDriftDetectionId": "d-1"}, {"StackName": NAME})
    standing = {"StackId": STACK_ID, "StackDriftDetectionId": "d-1", "Timestamp": NOW, **status}
    aws.add_response("describe_stack_drift_detection_status", standing, {"StackDriftDetectionId": "d-1"})


def resource(name: str, status: str, *paths: str) -> dict[str, Any]:
    """One resource that drifted."""
    differences = [
        {"PropertyPath": path, "ExpectedValue": "hidden-1", "ActualValue": "hidden-2", "DifferenceType": "NOT_EQUAL"}
        for path in paths
    ]
    return {
        "StackId": STACK_ID,
        "LogicalResourceId": name,
        "ResourceType": "AWS::SQS::Queue",
        "StackResourceDriftStatus": status,
        "PropertyDifferences": differences,
        "Timestamp": NOW,
    }


def test_what_was_changed_is_named_on_every_page_without_values(aws: Stubber, client: Any) -> None:
    """A property may hold a secret."""
    begin(aws, DetectionStatus="DETECTION_COMPLETE", StackDriftStatus="DRIFTED")
    asked = {"StackName": NAME, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    first = {"StackResourceDrifts": [resource("Queue", "MODIFIED", "/DelaySeconds", "/Tags/0")], "NextToken": "more"}
    aws.add_response("describe_stack_resource_drifts", first, asked)
    second = {"StackResourceDrifts": [resource("Dead", "DELETED")]}
    aws.add_response("describe_stack_resource_drifts", second, {**asked, "NextToken": "more"})
    found = find(client)
    assert [str(change) for change in found.changes] == [
        "Queue (AWS::SQS::Queue): /DelaySeconds, /Tags/0 was changed",
        "Dead (AWS::SQS::Queue): was deleted",
    ]
    assert not found.unchecked
    assert "hidden" not in found.model_dump_json()


def test_what_could_be_looked_at_is_told_when_the_rest_could_not(aws: Stubber, client: Any) -> None:
    """CloudFormation fails as a whole and still knows of some resources."""
    begin(
        aws,
        DetectionStatus="DETECTION_FAILED",
        StackDriftStatus="UNKNOWN",
        DetectionStatusReason="Failed to detect drift on resource [Role]",
    )
    aws.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": [resource("Dead", "DELETED")]})
    found = find(client)
    assert [change.resource for change in found.changes] == ["Dead"]
    assert found.unchecked == "Failed to detect drift on resource [Role]"


def test_a_detection_that_takes_too_long_is_not_waited_for(aws: Stubber, client: Any) -> None:
    """A promotion does not fail of it."""
    begin(aws, DetectionStatus="DETECTION_IN_PROGRESS")
    assert find(client, seconds=0) == Drift(unchecked="CloudFormation still looked for changes after 0 seconds.")


def test_a_refusal_is_told(aws: Stubber, client: Any) -> None:
    """As of a stack that is being changed."""
    aws.add_client_error("detect_stack_drift", "ValidationError", "Stack is in UPDATE_IN_PROGRESS state")
    assert find(client).unchecked == ("CloudFormation does not look for changes: Stack is in UPDATE_IN_PROGRESS state")
