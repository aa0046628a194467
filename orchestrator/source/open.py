"""Opens the repository that a URL names."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestrator.errors import SourceError
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.remote_git import RemoteGitRepository
from orchestrator.source.repository import SourceRepository


def open_repository(url: str) -> SourceRepository:
    """Open a repository by its URL.

    Raises:
        SourceError: the scheme is not supported, or nothing is there.
    """
    parts, search_path = urlsplit(url), os.environ.get("PATH", os.defpath)
    if parts.scheme == "https" and parts.hostname:
        return RemoteGitRepository(url, search_path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise SourceError(
            f"The repository {url!r} cannot be opened: file:///<folder> and https://<host>/<path> are supported so "
            "far (CodeCommit, and GitHub with credentials, are not there yet)."
        )
    folder = Path(unquote(parts.path))
    if not folder.is_dir():
        raise SourceError(f"The repository {url!r} cannot be opened: there is no such folder.")
    return LocalGitRepository(folder, search_path)
