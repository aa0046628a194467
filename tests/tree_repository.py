"""A repository in memory, of commits that are written as what lies where, for tests that make thousands of them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.objects import object_id
from orchestrator.source.repository import Commit, Commits, Entry, Mode

Files = Mapping[str, tuple[Mode, str]]


class TreeRepository:
    """A `SourceRepository` of some commits by name; of a submodule, the text is the id of its commit.

    Args:
        commits: what lies in each of them.
    """

    url = "memory:"

    def __init__(self, commits: Mapping[str, Files]) -> None:
        self._commits = commits
        self.listed: list[str] = []
        self.read: list[str] = []

    def commit(self, revision: str) -> Commit:
        """Any of them."""
        if revision not in self._commits:
            raise UnknownNameError("commit", revision, list(self._commits))
        return Commit(revision, "Ada <ada@example.com>", datetime(2026, 1, 1, tzinfo=UTC), "Change something")

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """Those that something lies in."""
        if commit not in self._commits:
            raise SourceError(f"There is no commit {commit}.")
        trees = _trees(tuple(sorted(self._commits[commit].items())))
        found = {path: trees[path] for path in paths if path in trees}
        self.listed += found
        return found

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Files and links."""
        if commit not in self._commits:
            raise SourceError(f"There is no commit {commit}.")
        there = self._commits[commit]
        found = {path: there[path][1].encode() for path in paths if path in there}
        self.read += found
        return found

    def branches(self) -> list[str]:
        """All commits by their names."""
        return list(self._commits)

    def is_merged(self, commit: str, branch: str) -> bool:
        """Each is in its own branch."""
        return commit == branch

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """There are none."""
        del old, new, folders
        return Commits(())


@cache
def _trees(files: tuple[tuple[str, tuple[Mode, str]], ...]) -> dict[str, dict[str, Entry]]:
    """What lies in each folder, the deepest first."""
    trees: dict[str, dict[str, Entry]] = {"": {}}
    for path, (mode, text) in files:
        identity = text if mode is Mode.SUBMODULE else object_id("blob", text.encode())
        folder, _, name = path.rpartition("/")
        trees.setdefault(folder, {})[name] = Entry(identity, mode)
        while folder:
            folder = folder.rpartition("/")[0]
            trees.setdefault(folder, {})
    for folder in sorted((one for one in trees if one), key=lambda one: -one.count("/")):
        parent, _, name = folder.rpartition("/")
        listed = "".join(f"{key}\0{one.mode}\0{one.id}\n" for key, one in sorted(trees[folder].items()))
        trees[parent][name] = Entry(object_id("tree", listed.encode()), Mode.FOLDER)
    return trees
