"""What differs between two commits, in the folders that matter."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from orchestrator.errors import SourceError
from orchestrator.source.repository import Entry, Mode, SourceRepository


class Change(NamedTuple):
    """What a path was and is; None where it was not or is not there."""

    old: Entry | None
    new: Entry | None

    @property
    def is_of_content(self) -> bool:
        """Whether a folder or a file is still the same kind of thing, and only what is in it differs."""
        return self.old is not None and self.new is not None and self.old.mode is self.new.mode

    @property
    def modes(self) -> frozenset[Mode]:
        """What it was and is."""
        return frozenset(one.mode for one in (self.old, self.new) if one)


@runtime_checkable
class Comparing(Protocol):
    """A repository that can tell by itself what differs."""

    def changes(self, old: str, new: str) -> Mapping[str, Change]:
        """All paths that differ between two commits, those of folders as well.

        Raises:
            SourceError: one of the commits is not there.
        """

    def trees(self, identities: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """What trees list, by their ids."""


def changes(repository: SourceRepository, old: str, new: str, worth: Callable[[str], bool]) -> Mapping[str, Change]:
    """What differs directly in the folders that are worth it; perhaps more.

    Args:
        repository: where.
        old: one commit.
        new: the other one.
        worth: tells of a folder whether what lies in it matters. It holds for those around such a folder as well.

    Raises:
        SourceError: one of the commits is not there.
    """
    if isinstance(repository, Comparing):
        return repository.changes(old, new)
    return _level_by_level(repository, old, new, worth)


def listings(repository: SourceRepository, commit: str, trees: Mapping[str, str]) -> dict[str, Mapping[str, Entry]]:
    """What lies directly in some folders of a commit.

    Args:
        repository: where.
        commit: its id.
        trees: git's ids of the folders.
    """
    if not isinstance(repository, Comparing):
        return dict(repository.folders(commit, trees))
    found = repository.trees(trees.values())
    return {folder: found[identity] for folder, identity in trees.items()}


def around(folder: str) -> Iterable[str]:
    """The folders that one lies in, but for the root."""
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _level_by_level(
    repository: SourceRepository, old: str, new: str, worth: Callable[[str], bool]
) -> dict[str, Change]:
    """Compare what folders list, going down where something differs; each commit's trees are asked for in turn."""
    found: dict[str, Change] = {}
    level = [""]
    while level:
        before, after = repository.folders(old, level), repository.folders(new, level)
        for commit, listed in ((old, before), (new, after)):
            # Some hosts leave out all folders of a commit that they do not have.
            if level == [""] and not listed:
                raise SourceError(f"{repository.url} has no commit {commit!r}.")
        differing = [
            (f"{folder}/{name}" if folder else name, Change(earlier.get(name), later.get(name)))
            for folder in level
            for earlier, later in [(before.get(folder, {}), after.get(folder, {}))]
            for name in earlier.keys() | later.keys()
            if earlier.get(name) != later.get(name)
        ]
        found.update(differing)
        level = [path for path, change in differing if Mode.FOLDER in change.modes and worth(path)]
    return found
