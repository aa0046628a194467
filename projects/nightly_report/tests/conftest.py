import boto3
import pytest
from botocore.stub import Stubber


@pytest.fixture
def stubbed():
    """Makes clients that answer as told, check every call against the service's model, and reach nothing."""
    stubbers = []
    nobody = {"region_name": "eu-west-1", "aws_access_key_id": "none", "aws_secret_access_key": "none"}

    def stub(service):
        client = boto3.client(service, **nobody)
        stubbers.append(Stubber(client))
        stubbers[-1].activate()
        return client, stubbers[-1]

    yield stub
    for stubber in stubbers:
        stubber.assert_no_pending_responses()
