"""What is stored of a commit: the commit, its trees, the files that say what is a unit, and where the others are."""

import json
from collections.abc import Iterable, Mapping

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.cat_file import GitObject
from orchestrator.source.objects import CommitObject, parse_commit, parse_tree
from orchestrator.source.snapshots.packs import Pack
from orchestrator.source.snapshots.stream import read_stream, write_stream
from orchestrator.source.trees import Listing, Trees

_LIMIT = 256 * 1024**2
_PACKS = "packs"


@dataclass(frozen=True)
class Document:
    """One commit.

    Attributes:
        commit: with the id that was asked for, which its content has.
        trees: all of them.
        blobs: contents of files that are stored along, by id.
        packs: names of packs, by the folders and files that they hold.
        left_out: paths of files that are too large.
    """

    commit: CommitObject
    trees: Trees
    blobs: Mapping[str, bytes]
    packs: Mapping[str, str]
    left_out: frozenset[str]

    def pack_of(self, path: str) -> str | None:
        """The pack that a file is in; None when it is in none."""
        while path not in self.packs and path:
            path = path.rpartition("/")[0]
        return self.packs.get(path)


def write_document(objects: Iterable[GitObject], packs: Iterable[Pack], left_out: Iterable[str]) -> bytes:
    """Store a commit.

    Args:
        objects: the commit, its trees, and the files that are stored along.
        packs: where the files are.
        left_out: paths of files that are in none.
    """
    places: dict[str, list[str]] = {}
    for pack in packs:
        places.setdefault(pack.name, []).extend(pack.paths)
    content = json.dumps({"packs": places, "left_out": sorted(left_out)}, sort_keys=True).encode()
    return write_stream([GitObject("", _PACKS, content), *objects])


def read_document(commit: str, content: bytes) -> Document:
    """Read it back.

    Raises:
        SourceError: it is damaged, or does not hold the commit.
    """
    found = list(read_stream(content, commit, _LIMIT))
    written = next((one.content for one in found if one.id == commit and one.kind == "commit"), None)
    if written is None or found[0].kind != _PACKS:
        raise SourceError(f"It does not hold the commit {commit}.")
    try:
        places = json.loads(found[0].content)
        packs = {path: name for name, paths in places["packs"].items() for path in paths}
        left_out = frozenset(places["left_out"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"It does not say where files are: {error}.") from error
    trees = {one.id: one.content for one in found if one.kind == "tree"}

    def read(identities: Iterable[str]) -> Mapping[str, Listing]:
        return {identity: parse_tree(trees[identity], like=commit) for identity in identities if identity in trees}

    parsed = parse_commit(commit, written)
    return Document(
        commit=parsed,
        trees=Trees(parsed.tree, read),
        blobs={one.id: one.content for one in found if one.kind == "blob"},
        packs=packs,
        left_out=left_out,
    )
