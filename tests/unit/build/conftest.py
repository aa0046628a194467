"""An artifacts bucket, a repository with a unit, and a build machine."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import uv
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from orchestrator.build.build import Tools
from orchestrator.build.cache import Cache
from orchestrator.build.environment import clean_environment
from orchestrator.build.store import ArtifactStore
from tests.unit.build.fakes import BUCKET, FolderRepository, MemoryLedger, Workshop, example_repository


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


@pytest.fixture
def ledger() -> MemoryLedger:
    """An empty ledger."""
    return MemoryLedger()


@pytest.fixture
def repository(tmp_path: Path) -> FolderRepository:
    """A repository with the unit `orders`."""
    return example_repository(tmp_path / "repository")


@pytest.fixture
def machine(tmp_path: Path, shared: Path) -> Path:
    """The folder that steers the fake uv. What cfn-lint finds in a template is found once for all tests."""
    folder = tmp_path / "machine"
    (folder / "cache").mkdir(parents=True)
    findings = shared / "cfn-lint"
    findings.mkdir(exist_ok=True)
    (folder / "cache" / "cfn-lint").symlink_to(findings)
    return folder


@pytest.fixture
def workshop(
    repository: FolderRepository, s3: S3Client, store: ArtifactStore, ledger: MemoryLedger, machine: Path
) -> Workshop:
    """All of it, with the fake uv."""
    return Workshop(repository, s3, store, ledger, machine)


@pytest.fixture(scope="session")
def real_tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """The real uv, on this interpreter, with a cache of its own."""
    kept = Cache(tmp_path_factory.mktemp("cache"))
    return Tools(uv.find_uv_bin(), sys.executable, clean_environment(os.environ), kept)
