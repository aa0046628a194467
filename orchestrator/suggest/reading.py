"""Reads the imports of many files out of a commit, a few files at a time."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from orchestrator.source.repository import SourceRepository
from orchestrator.suggest.parse import LARGEST, Import, UnreadableError, imports_of

_AT_ONCE = 500


class Sources(SourceRepository, Protocol):
    """A repository that also tells how large files are."""

    def sizes(self, commit: str, paths: Iterable[str]) -> Mapping[str, int]:
        """How many bytes those of the given files have that exist at a commit."""


def read_imports(
    sources: Sources, commit: str, paths: Iterable[str]
) -> tuple[dict[str, tuple[Import, ...]], dict[str, str]]:
    """The imports of each file that can be read, and of each other one, why it cannot be.

    Args:
        sources: the repository.
        commit: its full id.
        paths: of Python files.
    """
    found: dict[str, tuple[Import, ...]] = {}
    unread: dict[str, str] = {}
    wanted = sorted(paths)
    for start in range(0, len(wanted), _AT_ONCE):
        sizes = sources.sizes(commit, wanted[start : start + _AT_ONCE])
        small = [path for path, size in sizes.items() if size <= LARGEST]
        unread |= dict.fromkeys(sizes.keys() - set(small), f"has more than {LARGEST // 1024} KiB")
        for path, source in sources.files(commit, small).items():
            try:
                found[path] = imports_of(source)
            except UnreadableError as problem:
                unread[path] = str(problem)
    return found, unread
