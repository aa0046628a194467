"""Which repository a URL opens."""

from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import SourceError
from orchestrator.source.codecommit.repository import CodeCommitRepository
from orchestrator.source.github.repository import GitHubRepository
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.open import Access, open_repository
from orchestrator.source.remote_git import RemoteGitRepository
from orchestrator.source.repository import SourceRepository
from orchestrator.source.snapshots.read import SnapshotRepository


def clients(service: str, region: str | None = None) -> Any:
    """Stands for a client; opening calls nothing."""
    return service, region


def read_secret() -> str:
    """Opening reads no credentials."""
    raise AssertionError


ACCESS = Access(clients, read_secret)


def test_urls_are_opened_by_what_they_are(tmp_path: Path) -> None:
    """A folder, an address, a place in S3."""
    opened: dict[str, type[SourceRepository]] = {
        tmp_path.as_uri(): LocalGitRepository,
        "https://example.com/shop.git": RemoteGitRepository,
        "github://github.com/acme/shop": GitHubRepository,
        "s3://bucket/source": SnapshotRepository,
        "codecommit://eu-west-1/shop": CodeCommitRepository,
    }
    for url, kind in opened.items():
        repository = open_repository(url, ACCESS)
        assert isinstance(repository, kind)
        assert repository.url == url


@pytest.mark.parametrize(
    "url",
    [
        "ssh://example.com/shop.git",
        "https:///shop",
        "ext::sh -c evil",
        "file:///no-such-folder",
        "file://elsewhere/folder",
        "s3://bucket",
        "s3:///source",
        "s3://bucket/*",
        "s3://bucket/${aws:username}",
        "codecommit://shop",
        "codecommit://eu-west-1/shop/../other",
        "codecommit://profile@shop",
        "",
    ],
)
def test_what_is_not_supported_is_refused_with_what_is(url: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(SourceError, match="cannot be opened"):
        open_repository(url, ACCESS)


def test_a_repository_in_codecommit_may_be_written_as_git_takes_it() -> None:
    """As whoever clones it writes it."""
    assert open_repository("codecommit::eu-west-1://shop", ACCESS).url == "codecommit://eu-west-1/shop"
