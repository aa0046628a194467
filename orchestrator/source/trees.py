"""Follows paths from a commit's root down, for hosts that are asked for trees by their ids."""

from collections.abc import Callable, Iterable, Mapping

from orchestrator.errors import SourceError
from orchestrator.source.repository import Entry, Mode

Listing = Mapping[str, Entry]
_BLOBS = (Mode.FILE, Mode.PROGRAM, Mode.LINK)
ReadTrees = Callable[[Iterable[str]], Mapping[str, Listing]]


class Trees:
    """The trees of one commit; each is read once.

    Args:
        root: id of the commit's tree.
        read: reads trees by their ids, as many at once as are asked for.
        known: trees that were read already.
    """

    def __init__(self, root: str, read: ReadTrees, known: Mapping[str, Listing] | None = None) -> None:
        self._read = read
        self._known = dict(known or {})
        # By path, what is there: folders are asked for again and again, by what lies in them.
        self._entries: dict[str, Entry | None] = {"": Entry(root, Mode.FOLDER)}

    def entries(self, paths: Iterable[str]) -> dict[str, Entry]:
        """What is at the given paths, those left out where nothing is; the root is `""`."""
        wanted = dict.fromkeys(paths)
        levels = [self._unknown(wanted)]
        while levels[-1]:
            levels.append(self._unknown(_parent(path) for path in levels[-1]))
        for level in reversed(levels):
            above = {path: self._entries.get(_parent(path)) for path in level}
            self._load(entry.id for entry in above.values() if entry and entry.is_folder)
            for path, folder in above.items():
                is_there = folder and folder.is_folder and not path.startswith("/")
                self._entries[path] = self._known[folder.id].get(_name(path)) if folder and is_there else None
        return {path: entry for path in wanted if (entry := self._entries[path])}

    def folders(self, paths: Iterable[str]) -> dict[str, Listing]:
        """What lies directly in the given folders; what is no folder is left out."""
        found = {path: entry.id for path, entry in self.entries(paths).items() if entry.is_folder}
        self._load(found.values())
        return {path: self._known[identity] for path, identity in found.items()}

    def files(self, paths: Iterable[str]) -> dict[str, str]:
        """The ids of the given files and links; what is none is left out."""
        return {path: entry.id for path, entry in self.entries(paths).items() if entry.mode in _BLOBS}

    def _unknown(self, paths: Iterable[str]) -> list[str]:
        """Those that were not asked for yet, each once."""
        return [path for path in dict.fromkeys(paths) if path not in self._entries]

    def _load(self, identities: Iterable[str]) -> None:
        missing = dict.fromkeys(identities).keys() - self._known.keys()
        if missing:
            found = self._read(missing)
            if missing - found.keys():
                raise SourceError(f"The repository lacks the tree {min(missing - found.keys())}: it is not complete.")
            self._known |= found


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
