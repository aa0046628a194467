"""The few things the orchestrator asks of a git repository, whichever host keeps it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Commit:
    """One commit: its full id, who wrote it, when it was committed (UTC), and the first line of its message."""

    id: str
    author: str
    committed_at: datetime
    subject: str


@dataclass(frozen=True)
class Entry:
    """One name within a folder.

    Attributes:
        id: git's id of its content: of a tree for a folder.
        is_folder: whether it is one.
        mode: git's mode, such as 100755; by it a link or a program differs from a file with the same content.
    """

    id: str
    is_folder: bool
    mode: str = ""


class SourceRepository(Protocol):
    """A repository at any of its commits. Implementations raise `SourceError` when it cannot answer."""

    @property
    def url(self) -> str:
        """Where it is, such as `file:///srv/git/shop`."""

    def commit(self, revision: str) -> Commit:
        """Look up a branch, tag or (short) commit id; raises `UnknownNameError` when there is none."""

    def entries(self, commit: str, folder: str) -> Mapping[str, Entry]:
        """What lies directly in a folder at a commit, by name; empty when the folder is not there.

        The root is `""`. One call, however much lies in it.
        """

    def listings(self, commit: str, folders: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """What lies directly in each of many folders; those that are not there are left out. One call where it can."""

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Content of those of the given files that exist at a commit."""

    def commits_between(self, old: str, new: str, folders: Iterable[str]) -> list[Commit]:
        """Commits in `new` but not in `old` that touch any of the folders, newest first."""

    def export(self, commit: str, folders: Iterable[str], into: Path) -> None:
        """Write the folders as they are at a commit below `into`, safely, without any git metadata."""
