"""Walks back from one commit to another as `git log old..new -- paths` does, where commits are told one by one."""

import heapq
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.source.repository import MOST_COMMITS, Commit, Commits


class Graph(Protocol):
    """What a host knows of commits."""

    def commit(self, identity: str) -> Commit | None:
        """A commit; None when the host does not know it."""

    def touches(self, commit: Commit, parent: str | None, paths: tuple[str, ...]) -> bool:
        """Whether any of the paths is another one in a commit than in its parent, or, without one, is in it at all."""


def commits_between(
    graph: Graph, old: str | None, new: str, paths: tuple[str, ...], most: int = MOST_COMMITS
) -> Commits:
    """Commits in `new` but not in `old` that touch any of the paths, newest first.

    A merge that one of its parents equals, as far as the paths go, is followed through that parent alone, which is
    what git calls history simplification.

    Args:
        graph: tells of commits.
        old: full id; None for all commits that led to the new one.
        new: full id.
        paths: of folders and files.
        most: how many commits are looked at.
    """
    return _Walk(graph, old, paths, most).back_from(new)


@dataclass
class _Walk:
    graph: Graph
    old: str | None
    paths: tuple[str, ...]
    most: int
    commits: dict[str, Commit] = field(default_factory=dict)
    # Commits in `old`, as far as is known by now.
    excluded: set[str] = field(default_factory=set)
    queue: list[tuple[float, int, str]] = field(default_factory=list)
    listed: list[Commit] = field(default_factory=list)
    complete: bool = True

    def back_from(self, new: str) -> Commits:
        """Walk until nothing is left that may be in `new` alone."""
        if self.old is not None:
            self._exclude(self.old)
            self._add(self.old)
            self.complete = self.old in self.commits
            self._exclude_parents(self.old)
        self._add(new)
        for _ in range(self.most):
            if not self._is_unfinished:
                break
            self._step(self.commits[heapq.heappop(self.queue)[-1]])
        found = tuple(one for one in self.listed if one.id not in self.excluded)
        return Commits(found, self.complete and not self._is_unfinished)

    @property
    def _is_unfinished(self) -> bool:
        return any(identity not in self.excluded for *_, identity in self.queue)

    def _step(self, commit: Commit) -> None:
        if commit.id not in self.excluded:
            for parent in self._judge(commit):
                self._add(parent)
            return
        for parent in commit.parents:
            self._exclude(parent)
            self._add(parent)
            self._exclude_parents(parent)

    def _judge(self, commit: Commit) -> tuple[str, ...]:
        """List a commit if it touches the paths; returns the parents that the history goes on with."""
        if not commit.parents:
            if self.graph.touches(commit, None, self.paths):
                self.listed.append(commit)
            return ()
        # A merge from a side that was there before counts only where there is no other; but `old` itself counts.
        relevant = [parent for parent in commit.parents if parent not in self.excluded or parent == self.old]
        changed = []
        for parent in relevant or commit.parents:
            changed.append(self.graph.touches(commit, parent, self.paths))
            if relevant and not changed[-1]:
                return (parent,)
        if any(changed):
            self.listed.append(commit)
        return commit.parents

    def _add(self, identity: str) -> None:
        """Have a commit looked at in its turn: the youngest first, those of one second in the order they were met."""
        if identity in self.commits:
            return
        commit = self.graph.commit(identity)
        if commit is None:
            self.complete = self.complete and identity in self.excluded
            return
        self.commits[identity] = commit
        heapq.heappush(self.queue, (-commit.committed_at.timestamp(), len(self.commits), identity))

    def _exclude_parents(self, identity: str) -> None:
        for parent in self.commits[identity].parents if identity in self.commits else ():
            self._exclude(parent)

    def _exclude(self, identity: str) -> None:
        """Leave a commit out, and all of its ancestors that are known."""
        waiting = [identity]
        while waiting:
            one = waiting.pop()
            if one not in self.excluded:
                self.excluded.add(one)
                waiting += self.commits[one].parents if one in self.commits else ()
