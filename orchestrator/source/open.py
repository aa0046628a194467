"""Opens the repository that a URL names."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestrator.errors import SourceError
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.remote_git import RemoteGitRepository
from orchestrator.source.repository import SourceRepository


def open_repository(
    url: str, read_secret: Callable[[], str] | None = None, certificates: str | None = None
) -> SourceRepository:
    """Open a repository by its URL.

    Args:
        url: where it is.
        read_secret: reads the credentials for GitHub, when they are needed.
        certificates: file of the authorities that GitHub's certificate is checked with, None for the machine's own.

    Raises:
        SourceError: the scheme is not supported, or nothing is there.
    """
    parts, search_path = urlsplit(url), os.environ.get("PATH", os.defpath)
    if parts.scheme == "github" and read_secret:
        # Whoever has no repository on GitHub need not wait for what it takes to ask it.
        from orchestrator.source.github.open import open_github  # noqa: PLC0415

        return open_github(url, read_secret, certificates)
    if parts.scheme == "https" and parts.hostname:
        return RemoteGitRepository(url, search_path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise SourceError(
            f"The repository {url!r} cannot be opened: file:///<folder>, https://<host>/<path> and "
            "github://<host>/<owner>/<name> are supported so far (CodeCommit is not there yet)."
        )
    folder = Path(unquote(parts.path))
    if not folder.is_dir():
        raise SourceError(f"The repository {url!r} cannot be opened: there is no such folder.")
    return LocalGitRepository(folder, search_path)
