"""Opens the repository that a URL names."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.git import Git, personal
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.repository import SourceRepository


class Clients(Protocol):
    """Makes AWS clients with the permissions of whoever opens the repository."""

    def __call__(self, service: str, region: str | None = None) -> Any:
        """Make one; its region is the session's when none is given."""


@dataclass(frozen=True)
class Access:
    """What it takes to reach a repository that is not on this machine.

    Attributes:
        clients: makes AWS clients, for a repository that is in AWS.
        read_secret: reads the credentials for GitHub.
        certificates: file of the authorities that GitHub's certificate is checked with, None for the machine's own.
        proxy: URL of the proxy that leads to GitHub, or to any other host by `https://`; None for what the environment
            says.
    """

    clients: Clients
    read_secret: Callable[[], str]
    certificates: str | None = None
    proxy: str | None = None


def open_repository(url: str, access: Access) -> SourceRepository:
    """Open a repository by its URL.

    Raises:
        SourceError: the scheme is not supported, or nothing is there.
    """
    parts, search_path = urlsplit(url), os.environ.get("PATH", os.defpath)
    if parts.scheme == "github":
        # Whoever has no repository on GitHub need not wait for what it takes to ask it.
        from orchestrator.source.github.open import open_github  # noqa: PLC0415

        return open_github(url, access.read_secret, access.certificates, access.proxy)
    if url.startswith("codecommit:"):
        return _codecommit(url, access.clients)
    if parts.scheme == "s3":
        return _snapshots(url, access.clients)
    if parts.scheme == "https" and parts.hostname:
        # The same.
        from orchestrator.source.proxies import told_to_git  # noqa: PLC0415
        from orchestrator.source.remote_git import RemoteGitRepository  # noqa: PLC0415

        return RemoteGitRepository(url, search_path, told_to_git(access.proxy, os.environ))
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise SourceError(
            f"The repository {url!r} cannot be opened: file:///<folder>, https://<host>/<path>, "
            "github://<host>/<owner>/<name>, codecommit://<region>/<name> and s3://<bucket>/<prefix> are supported."
        )
    return open_folder(Path(unquote(parts.path)))


def open_folder(folder: Path) -> LocalGitRepository:
    """Open a repository on this machine.

    Raises:
        SourceError: there is no such folder.
    """
    if not folder.is_dir():
        raise SourceError(f"The repository {folder.as_uri()!r} cannot be opened: there is no such folder.")
    search_path = os.environ.get("PATH", os.defpath)
    return LocalGitRepository(
        folder, search_path, Git(folder, folder.as_uri(), search_path, person=personal(os.environ))
    )


def _snapshots(url: str, clients: Clients) -> SourceRepository:
    # Whoever has none need not wait for botocore to be imported.
    from orchestrator.source.snapshots.bucket import Place, SnapshotBucket  # noqa: PLC0415
    from orchestrator.source.snapshots.read import SnapshotRepository  # noqa: PLC0415

    return SnapshotRepository(SnapshotBucket(clients("s3"), Place.parse(url)))


def _codecommit(url: str, clients: Clients) -> SourceRepository:
    # The same.
    from orchestrator.source.codecommit.address import CodeCommitAddress  # noqa: PLC0415
    from orchestrator.source.codecommit.client import CodeCommitClient  # noqa: PLC0415
    from orchestrator.source.codecommit.repository import CodeCommitRepository  # noqa: PLC0415

    address = CodeCommitAddress.parse(url)
    return CodeCommitRepository(CodeCommitClient(clients("codecommit", address.region), address), address)
