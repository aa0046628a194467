"""Sessions with other accounts' roles."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_sts import STSClient

from orchestrator.aws.session import Assumer, RoleToAssume
from orchestrator.errors import AccessError

ROLE = "arn:aws:iam::222222222222:role/orchestrator-deployer"
SESSION = "arn:aws:sts::111111111111:assumed-role/orchestrator-plan/function"
CREDENTIALS = {
    "AccessKeyId": "A" * 16,
    "SecretAccessKey": "secret",
    "SessionToken": "token",
    "Expiration": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def sts() -> STSClient:
    """A client that answers what a test tells it to."""
    return boto3.client("sts", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def answers(sts: STSClient) -> Iterator[Stubber]:
    """What the client answers, in order."""
    with Stubber(sts) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_the_session_is_named_after_the_execution_and_lasts_an_hour(sts: STSClient, answers: Stubber) -> None:
    """Characters that STS refuses are replaced, and the name is cut to 64."""
    expected = {
        "RoleArn": ROLE,
        "RoleSessionName": ("merge-a-b" + "x" * 80)[:64],
        "DurationSeconds": 3600,
        "ExternalId": "company",
    }
    answers.add_response("assume_role", {"Credentials": CREDENTIALS}, expected)
    made: list[dict[str, Any]] = []

    def new_session(**arguments: Any) -> boto3.Session:
        made.append(arguments)
        return boto3.Session(**arguments)

    session = Assumer(sts, new_session)(
        RoleToAssume(ROLE, "merge a/b".replace(" ", "-") + "x" * 80, "company"), "eu-west-1"
    )
    assert session.region_name == "eu-west-1"
    assert made == [
        {
            "aws_access_key_id": "A" * 16,
            "aws_secret_access_key": "secret",
            "aws_session_token": "token",
            "region_name": "eu-west-1",
        }
    ]


def test_a_role_that_cannot_be_assumed_is_explained(sts: STSClient, answers: Stubber) -> None:
    """Which role, in which account, and what its trust policy must say."""
    answers.add_client_error("assume_role", "AccessDenied", "not authorized")
    answers.add_response("get_caller_identity", {"Arn": SESSION}, {})
    with pytest.raises(AccessError) as raised:
        Assumer(sts, boto3.Session)(RoleToAssume(ROLE, "merge", "company"), "eu-west-1")
    message = str(raised.value)
    assert f"The role {ROLE} in account 222222222222 cannot be assumed" in message
    assert "must allow sts:AssumeRole to arn:aws:iam::111111111111:role/orchestrator-plan" in message
    assert "external id 'company'" in message


def test_it_is_explained_also_when_the_caller_is_not_known(sts: STSClient, answers: Stubber) -> None:
    """Expired credentials cannot say whose they are."""
    answers.add_client_error("assume_role", "ExpiredToken")
    answers.add_client_error("get_caller_identity", "ExpiredToken")
    with pytest.raises(AccessError, match="to the caller, and the caller must be allowed"):
        Assumer(sts, boto3.Session)(RoleToAssume(ROLE, "merge"), "eu-west-1")


def test_a_lasting_session_assumes_the_role_anew_before_it_expires(sts: STSClient, answers: Stubber) -> None:
    """A worker runs for longer than the hour that STS allows."""
    now = datetime.now(UTC)
    for key, minutes in (("A" * 16, 5), ("B" * 16, 60)):
        given = {**CREDENTIALS, "AccessKeyId": key, "Expiration": now + timedelta(minutes=minutes)}
        answers.add_response("assume_role", {"Credentials": given})
    session = Assumer(sts, boto3.Session).lasting(RoleToAssume(ROLE, "worker"), "eu-west-1")
    assert session.region_name == "eu-west-1"
    credentials = session.get_credentials()
    assert credentials is not None
    assert [credentials.get_frozen_credentials().access_key for _ in range(2)] == ["B" * 16] * 2


def test_a_lasting_session_that_cannot_begin_says_so_at_once(sts: STSClient, answers: Stubber) -> None:
    """Not when the first build comes."""
    answers.add_client_error("assume_role", "AccessDenied", "not authorized")
    answers.add_response("get_caller_identity", {"Arn": SESSION}, {})
    with pytest.raises(AccessError, match=f"The role {ROLE}"):
        Assumer(sts, boto3.Session).lasting(RoleToAssume(ROLE, "worker"), "eu-west-1")
