"""A repository with a unit, and a build machine."""

import os
import sys
from pathlib import Path

import pytest
import uv
from mypy_boto3_s3 import S3Client

from orchestrator.build.build import Tools
from orchestrator.build.cache import Cache
from orchestrator.build.environment import clean_environment
from orchestrator.releases.store import ArtifactStore
from tests.unit.build.fakes import FolderRepository, MemoryLedger, Workshop, example_repository


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
    kept = folder / "cache" / "unmerged"
    kept.mkdir(parents=True)
    findings = shared / "cfn-lint"
    findings.mkdir(exist_ok=True)
    (kept / "cfn-lint").symlink_to(findings)
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
