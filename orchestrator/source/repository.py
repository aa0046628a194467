"""The few things the orchestrator asks of a git repository, whichever host keeps it."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from orchestrator.frozen import dataclass

_CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
MOST_COMMITS = 250
"""How many commits are told, and looked at, at most: who decides on a promotion reads no more."""


class Mode(StrEnum):
    """What an entry of a folder is, as git writes it."""

    FOLDER = "040000"
    FILE = "100644"
    PROGRAM = "100755"
    LINK = "120000"
    SUBMODULE = "160000"


@dataclass(frozen=True)
class Commit:
    """One commit.

    Attributes:
        id: its full id.
        author: who wrote it, such as `Ada <ada@example.com>`.
        committed_at: when it was committed, UTC.
        subject: what it says first, as one line.
        parents: the full ids of the commits it follows, as far as they are known; none for the first.
        people: everybody whom it names: its author, its committer, and `Co-authored-by`.
    """

    id: str
    author: str
    committed_at: datetime
    subject: str
    parents: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Commits:
    """Some commits, newest first.

    Attributes:
        found: those that are known.
        complete: whether there are no others; a shallow clone, or a history that is too long, ends early.
    """

    found: tuple[Commit, ...]
    complete: bool = True


class Entry(NamedTuple):
    """One name within a folder.

    Attributes:
        id: git's id of its content: of a tree for a folder.
        mode: what it is; by it a link or a program differs from a file with the same content.
    """

    id: str
    mode: Mode

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this repository; a submodule is none."""
        return self.mode is Mode.FOLDER


class SourceRepository(Protocol):
    """A repository at any of its commits. Implementations raise `SourceError` when it cannot answer.

    Paths count from the root, which is `""`, and have no slash at their ends. An instance is not to be used by several
    threads at once.
    """

    @property
    def url(self) -> str:
        """Where it is, such as `file:///srv/git/shop`."""

    def commit(self, revision: str) -> Commit:
        """Look up a branch, by its ref in full or its name, or a full commit id; a folder knows tags and the like, too.

        Nothing else that is called like a branch, such as a tag, is taken for it.

        Raises:
            UnknownNameError: there is none.
        """

    def branches(self) -> list[str]:
        """The names of all branches, in order."""

    def is_merged(self, commit: str, branch: str) -> bool:
        """Tell whether a branch contains a commit: it is the branch's newest, or came before that.

        Args:
            commit: full id. A host may show commits of forks as well: no branch contains them.
            branch: its name.

        Raises:
            UnknownNameError: there is no such branch.
            SourceError: what is known of the history does not tell.
        """

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """What lies directly in each of the given folders at a commit, by path and then by name.

        What is no folder there is left out. However many are asked for, it takes as few calls as the host allows.
        """

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Content of those of the given files that exist at a commit, as git keeps it; a link's is where it leads.

        However many are asked for at once, it takes as few calls as the host allows.
        """

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """Commits in `new` but not in `old` that touch any of the folders or files, as `git log` tells them.

        Both are full ids; without an `old` one, all commits count that led to `new`. When `old` is not known, as after
        a forced push, it is left out of account, and the answer is not complete.
        """


def people_of(author: str, committer: str, message: str) -> tuple[str, ...]:
    """Everybody whom a commit names, each once: `Co-authored-by` counts wherever it stands in the message."""
    return tuple(dict.fromkeys((author, committer, *(one.strip() for one in _CO_AUTHOR.findall(message)))))


def subject_of(message: str) -> str:
    """The subject of a commit's message as git tells it: the lines of its first paragraph, joined by spaces."""
    lines = [line.strip() for line in message.strip("\n").split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    end = lines.index("") if "" in lines else len(lines)
    return " ".join(lines[:end])
