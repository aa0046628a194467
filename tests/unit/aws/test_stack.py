"""A stack whose CloudFormation answers what a test tells it to."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_cloudformation import CloudFormationClient

from orchestrator.aws.stack import Stack
from orchestrator.aws.template import Template
from orchestrator.errors import DeploymentError
from orchestrator.steps.deployment import Change, Progress, change_of

CREATED = "2026-01-01T00:00:00Z"
STACK_ID = "arn:aws:cloudformation:eu-west-1:222222222222:stack/app-orders/1"
ROLE = "arn:aws:iam::222222222222:role/orchestrator-cloudformation"
CHANGE_SET = "arn:aws:cloudformation:eu-west-1:222222222222:changeSet/release-0-1-0/1"


@pytest.fixture
def client() -> CloudFormationClient:
    """A client that asks nobody."""
    return boto3.client("cloudformation", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def answers(client: CloudFormationClient) -> Iterator[Stubber]:
    """What the client answers, in order; all of it must be asked for."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def stack(client: CloudFormationClient) -> Stack:
    """The stack."""
    return Stack(client, "app-orders", "222222222222/eu-west-1", lambda _seconds: None, ROLE)


def answer_stack(answers: Stubber, status: str | None, **more: Any) -> None:
    """DescribeStacks answers with a status, or that there is none."""
    if status is None:
        answers.add_client_error("describe_stacks", "ValidationError", "Stack with id app-orders does not exist")
        return
    found = {"StackName": "app-orders", "StackId": STACK_ID, "CreationTime": CREATED, "StackStatus": status, **more}
    answers.add_response("describe_stacks", {"Stacks": [found]})


def answer_change_set(answers: Stubber, status: str | None, execution: str = "AVAILABLE", reason: str = "") -> None:
    """DescribeChangeSet answers with a status, or that there is none."""
    if status is None:
        answers.add_client_error("describe_change_set", "ChangeSetNotFound", "ChangeSet does not exist")
        return
    found = {"ChangeSetId": CHANGE_SET, "Status": status, "ExecutionStatus": execution, "StatusReason": reason}
    answers.add_response("describe_change_set", found)


def events(*found: tuple[str, str, str]) -> dict[str, Any]:
    """Stack events out of resource, status and reason, the newest first."""
    return {
        "StackEvents": [
            {
                "StackId": STACK_ID,
                "EventId": str(number),
                "StackName": "app-orders",
                "Timestamp": CREATED,
                "LogicalResourceId": name,
                "PhysicalResourceId": STACK_ID if name == "app-orders" else name,
                "ResourceType": "AWS::S3::Bucket",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for number, (name, status, reason) in enumerate(found)
        ]
    }


@pytest.mark.parametrize(
    ("status", "kind"), [(None, "CREATE"), ("REVIEW_IN_PROGRESS", "CREATE"), ("UPDATE_COMPLETE", "UPDATE")]
)
def test_a_change_set_creates_or_updates(stack: Stack, answers: Stubber, status: str | None, kind: str) -> None:
    """A stack under review was never there."""
    answer_stack(answers, status)
    if status:
        answer_change_set(answers, None)
    answers.add_response(
        "create_change_set",
        {"Id": CHANGE_SET},
        {
            "StackName": "app-orders",
            "ChangeSetName": "release",
            "ChangeSetType": kind,
            "Parameters": [{"ParameterKey": "Version", "ParameterValue": "0.1.0"}],
            "Tags": [],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "TemplateBody": "{}",
            "RoleARN": ROLE,
        },
    )
    assert stack.propose("release", Template(body="{}", parameters={"Version": "0.1.0"})) == CHANGE_SET


def test_a_change_set_that_is_there_is_taken(stack: Stack, answers: Stubber) -> None:
    """A second try finds the first one's."""
    answer_stack(answers, "UPDATE_COMPLETE")
    answer_change_set(answers, "CREATE_COMPLETE")
    assert stack.propose("release", Template(body="{}")) == CHANGE_SET


def test_a_change_set_that_failed_is_made_anew(stack: Stack, answers: Stubber) -> None:
    """What made it fail may have been mended."""
    answer_stack(answers, "UPDATE_COMPLETE")
    answer_change_set(answers, "FAILED", reason="Template error")
    answers.add_response("delete_change_set", {})
    answers.add_response("create_change_set", {"Id": "new"})
    assert stack.propose("release", Template(body="{}")) == "new"


def test_what_a_failed_creation_left_is_deleted_first(stack: Stack, answers: Stubber) -> None:
    """Such a stack can do nothing else."""
    answer_stack(answers, "ROLLBACK_COMPLETE")
    answers.add_response("delete_stack", {}, {"StackName": "app-orders", "RoleARN": ROLE})
    answer_stack(answers, "DELETE_IN_PROGRESS")
    answer_stack(answers, None)
    answers.add_response("create_change_set", {"Id": CHANGE_SET})
    assert stack.propose("release", Template(body="{}")) == CHANGE_SET


@pytest.mark.parametrize("ends", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_a_rollback_that_failed_is_continued_first(stack: Stack, answers: Stubber, ends: str) -> None:
    """If it fails again, the message says what to mend."""
    answer_stack(answers, "UPDATE_ROLLBACK_FAILED")
    answers.add_response("continue_update_rollback", {}, {"StackName": "app-orders", "RoleARN": ROLE})
    answer_stack(answers, "UPDATE_ROLLBACK_IN_PROGRESS")
    answer_stack(answers, ends)
    if ends == "UPDATE_ROLLBACK_FAILED":
        answers.add_response("describe_stack_events", events(("Bucket", "UPDATE_FAILED", "It is gone")))
        with pytest.raises(DeploymentError, match=r"cannot finish its rollback: Bucket .*: It is gone Mend what"):
            stack.propose("release", Template(body="{}"))
        return
    answer_change_set(answers, None)
    answers.add_response("create_change_set", {"Id": CHANGE_SET})
    assert stack.propose("release", Template(body="{}")) == CHANGE_SET


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (
            [
                ("app-orders", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                ("Second", "UPDATE_FAILED", "Resource update cancelled"),
                ("First", "UPDATE_FAILED", "No such bucket"),
                ("app-orders", "UPDATE_IN_PROGRESS", "User Initiated"),
                ("Old", "UPDATE_FAILED", "Long ago"),
            ],
            "First (AWS::S3::Bucket): No such bucket",
        ),
        ([("app-orders", "UPDATE_IN_PROGRESS", "")], "CloudFormation gave no reason"),
        ([], "CloudFormation gave no reason"),
    ],
)
def test_the_first_failure_of_the_last_operation_is_the_reason(
    stack: Stack, answers: Stubber, found: list[tuple[str, str, str]], reason: str
) -> None:
    """What was cancelled because of it, and what failed in an earlier operation, is not."""
    answers.add_response("describe_stack_events", events(*found))
    assert stack.failure() == reason


@pytest.mark.parametrize(
    ("change_set", "execution", "status", "progress"),
    [
        ("CREATE_COMPLETE", "EXECUTE_COMPLETE", "UPDATE_COMPLETE", Progress.DONE),
        ("CREATE_COMPLETE", "EXECUTE_IN_PROGRESS", "UPDATE_IN_PROGRESS", Progress.PENDING),
        ("CREATE_COMPLETE", "EXECUTE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Progress.PENDING),
        ("CREATE_COMPLETE", "AVAILABLE", "UPDATE_COMPLETE", Progress.PENDING),
        ("CREATE_COMPLETE", "OBSOLETE", "UPDATE_COMPLETE", Progress.STALE),
        (None, "", "UPDATE_COMPLETE", Progress.STALE),
    ],
)
def test_how_far_a_deployment_is(
    stack: Stack, answers: Stubber, change_set: str | None, execution: str, status: str, progress: Progress
) -> None:
    """Judged by the change set and by the stack: another change makes ours obsolete."""
    answer_change_set(answers, change_set, execution)
    answer_stack(answers, status)
    assert change_of(stack, CHANGE_SET).progress is progress


@pytest.mark.parametrize(
    ("status", "progress"), [("UPDATE_COMPLETE", Progress.DONE), ("UPDATE_ROLLBACK_COMPLETE", Progress.FAILED)]
)
def test_a_change_set_that_was_forgotten_is_judged_by_its_stack(
    stack: Stack, answers: Stubber, status: str, progress: Progress
) -> None:
    """CloudFormation deletes a change set some time after it was executed."""
    answer_change_set(answers, None)
    answer_stack(answers, status, ChangeSetId=CHANGE_SET)
    if progress is Progress.FAILED:
        answers.add_response("describe_stack_events", events(("Bucket", "UPDATE_FAILED", "No")))
    assert change_of(stack, CHANGE_SET).progress is progress


def test_a_failed_deployment_tells_why(stack: Stack, answers: Stubber) -> None:
    """By the resource that failed first."""
    answer_change_set(answers, "CREATE_COMPLETE", "EXECUTE_FAILED")
    answer_stack(answers, "UPDATE_ROLLBACK_COMPLETE")
    answers.add_response("describe_stack_events", events(("Bucket", "UPDATE_FAILED", "Name taken")))
    assert change_of(stack, CHANGE_SET) == Change(
        progress=Progress.FAILED, reason="Bucket (AWS::S3::Bucket): Name taken"
    )


def test_a_refusal_names_stack_account_and_reason(stack: Stack, answers: Stubber) -> None:
    """And CloudFormation's own words."""
    answers.add_client_error("execute_change_set", "AccessDenied", "not authorized")
    with pytest.raises(DeploymentError, match=r"app-orders in 222222222222/eu-west-1: AccessDenied: not authorized"):
        stack.execute(CHANGE_SET)
