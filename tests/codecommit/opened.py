"""A repository on the server, opened as the orchestrator does."""

import boto3
from botocore.config import Config

from orchestrator.source.codecommit.address import CodeCommitAddress
from orchestrator.source.codecommit.client import CodeCommitClient
from orchestrator.source.codecommit.repository import CodeCommitRepository
from tests.codecommit.server import NAME, CodeCommitServer

REGION = "eu-west-1"


def opened(server: CodeCommitServer, name: str = NAME, **limits: int) -> CodeCommitRepository:
    """Open it with a real client; as many retries as the orchestrator's, without the waiting of adaptive ones."""
    client = boto3.client(
        "codecommit",
        region_name=REGION,
        endpoint_url=server.url,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"mode": "standard", "max_attempts": 10}),
    )
    address = CodeCommitAddress(REGION, name)
    return CodeCommitRepository(CodeCommitClient(client, address), address, **limits)
