"""An artifacts bucket."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from orchestrator.releases.store import ArtifactStore
from tests.unit.build.fakes import BUCKET


@pytest.fixture
def s3() -> Iterator[S3Client]:
    """A client of an account that holds one bucket."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def store(s3: S3Client) -> ArtifactStore:
    """The bucket's store."""
    return ArtifactStore(s3, BUCKET)
