"""A Step Functions that answers what a test tells it to."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_stepfunctions import SFNClient


@pytest.fixture
def client() -> SFNClient:
    """A client that asks nobody."""
    return boto3.client("stepfunctions", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def answers(client: SFNClient) -> Iterator[Stubber]:
    """What the client answers, in order; all of it must be asked for."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
