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
        self._root = Entry(root, Mode.FOLDER)
        self._read = read
        self._known = dict(known or {})

    def entries(self, paths: Iterable[str]) -> dict[str, Entry]:
        """What is at the given paths, those left out where nothing is; the root is `""`."""
        wanted = dict.fromkeys(paths)
        parts = {path: path.split("/") if path else [] for path in wanted}
        found = dict.fromkeys(wanted, self._root)
        for depth in range(max(map(len, parts.values()), default=0)):
            deeper = {path: entry for path, entry in found.items() if len(parts[path]) > depth}
            self._load(entry.id for entry in deeper.values() if entry.is_folder)
            for path, entry in deeper.items():
                below = self._known[entry.id].get(parts[path][depth]) if entry.is_folder else None
                if below is None:
                    del found[path]
                else:
                    found[path] = below
        return found

    def folders(self, paths: Iterable[str]) -> dict[str, Listing]:
        """What lies directly in the given folders; what is no folder is left out."""
        found = {path: entry.id for path, entry in self.entries(paths).items() if entry.is_folder}
        self._load(found.values())
        return {path: self._known[identity] for path, identity in found.items()}

    def files(self, paths: Iterable[str]) -> dict[str, str]:
        """The ids of the given files and links; what is none is left out."""
        return {path: entry.id for path, entry in self.entries(paths).items() if entry.mode in _BLOBS}

    def _load(self, identities: Iterable[str]) -> None:
        missing = dict.fromkeys(identities).keys() - self._known.keys()
        if missing:
            found = self._read(missing)
            if missing - found.keys():
                raise SourceError(f"The repository lacks the tree {min(missing - found.keys())}: it is not complete.")
            self._known |= found
