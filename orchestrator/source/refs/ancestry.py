"""Walks back from a branch's newest commit, where a host tells commits one by one."""

import heapq
from datetime import timedelta
from typing import Protocol

from orchestrator.errors import SourceError
from orchestrator.source.repository import Commit

# Clocks of those who commit differ; where one is a day behind, a commit is not found, and so is refused.
_CLOCKS = timedelta(days=1)


class Known(Protocol):
    """What a host knows of commits."""

    def commit(self, identity: str) -> Commit | None:
        """A commit by its full id; None when the host does not know it."""


def contains(known: Known, newest: str, commit: Commit, most: int) -> bool | None:
    """Tell whether a history contains a commit; None when what is known of it does not tell.

    Args:
        known: tells of commits.
        newest: full id of the history's newest commit.
        commit: what is looked for. What was committed more than a day before it is not looked at.
        most: how many commits are looked at.
    """
    oldest = commit.committed_at - _CLOCKS
    queue: list[tuple[float, str, Commit]] = []
    seen: set[str] = set()
    level: tuple[str, ...] = (newest,)
    is_complete = True
    for _ in range(most):
        if commit.id in level:
            return True
        for identity in level:
            if identity in seen:
                continue
            seen.add(identity)
            found = known.commit(identity)
            if found is None:
                is_complete = False
            elif found.committed_at >= oldest:
                heapq.heappush(queue, (-found.committed_at.timestamp(), identity, found))
        if not queue:
            return False if is_complete else None
        level = heapq.heappop(queue)[-1].parents
    return None


class UnknownHistoryError(SourceError):
    """What is known of a history does not tell whether a branch contains a commit.

    Args:
        url: of the repository.
        commit: full id.
        branch: its name.
        advice: why that is so, and what to do.
    """

    def __init__(self, url: str, commit: str, branch: str, advice: str) -> None:
        super().__init__(
            f"It is not known whether {branch} of {url} contains the commit {commit}, so it counts as not merged: "
            f"{advice}"
        )
