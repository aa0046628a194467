"""What is stored of the commits before a commit: each as git keeps it, with the paths that it changed."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.objects import object_id, parse_commit
from orchestrator.source.repository import Commit
from orchestrator.source.snapshots.stream import unpack

# A commit that changed more is told by the folders that it changed.
_MOST_PATHS = 2_000
_LIMIT = 256 * 1024**2

Changed = tuple[str, ...]


@dataclass(frozen=True)
class PastCommit:
    """One commit.

    Attributes:
        commit: the commit.
        changed: for each parent, the paths that differ from it, or None where that is not known; for a commit without
            parents, all paths that it has.
    """

    commit: Commit
    changed: tuple[Changed | None, ...]

    def touches(self, parent: str | None, paths: Sequence[str]) -> bool | None:
        """Whether any of the paths differs from a parent; None when that is not known."""
        known = self.changed[self.commit.parents.index(parent) if parent else 0]
        return None if known is None else any(_overlap(one, path) for path in paths for one in known)


def shorten(changed: Sequence[str]) -> Changed:
    """Paths that tell which folders changed, cut until there are few enough."""
    depth = max((path.count("/") for path in changed), default=0)
    found = dict.fromkeys(changed)
    while len(found) > _MOST_PATHS and depth:
        found = dict.fromkeys("/".join(path.split("/")[:depth]) for path in found)
        depth -= 1
    return tuple(found) if len(found) <= _MOST_PATHS else ("",)


def write_past(commits: Sequence[tuple[bytes, Sequence[Changed | None]]]) -> bytes:
    """Store commits, each given as git's object and what it changed."""
    listed = [{"object": base64.b64encode(content).decode(), "changed": changed} for content, changed in commits]
    return zlib.compress(json.dumps(listed).encode())


def read_past(like: str, content: bytes) -> Mapping[str, PastCommit]:
    """Read them back, by the ids that they have.

    Raises:
        SourceError: it is damaged.
    """
    try:
        listed = [(base64.b64decode(one["object"]), one["changed"]) for one in json.loads(unpack(content, _LIMIT))]
        read = [(parse_commit(object_id("commit", written, like), written), changed) for written, changed in listed]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"It is damaged: {error}") from error
    return {
        one.commit.id: PastCommit(one.commit, tuple(None if known is None else tuple(known) for known in changed))
        for one, changed in read
    }


def _overlap(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return not shorter or longer == shorter or longer.startswith(f"{shorter}/")
