"""Trees by their ids. One never changes, so it is asked for once, whatever commits it is in."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from orchestrator.errors import SourceError
from orchestrator.source.github.client import GitHubClient
from orchestrator.source.github.contents import LARGE, objects
from orchestrator.source.github.kept import Kept
from orchestrator.source.objects import mode_of
from orchestrator.source.repository import Entry, Mode
from orchestrator.source.trees import Listing

_MOST_KEPT_ENTRIES = 300_000
# So many in one query.
_TREES = 100
_TREE = "__typename ... on Tree { entries { name mode oid size } }"
# Git knows a tree of nothing without having one, and GitHub does not; by SHA-1 and by SHA-256.
_EMPTY = (
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
)


class _Row(NamedTuple):
    name: str
    entry: Entry
    size: int


class TreeReader:
    """Reads trees: one by the trees API, some in one query, and many with everything beside and below them.

    Args:
        client: asks GitHub.
    """

    def __init__(self, client: GitHubClient) -> None:
        self._client = client
        self._kept: Kept[str, Listing] = Kept(_MOST_KEPT_ENTRIES, lambda listing: len(listing) + 1)
        # By a tree's id, the tree that it was seen in.
        self._above: Kept[str, str] = Kept(_MOST_KEPT_ENTRIES, lambda _: 1)
        # By `<tree id>:<file>`, the ids of files that are too large to be asked for together with others.
        self._large: Kept[str, str] = Kept(_MOST_KEPT_ENTRIES, lambda _: 1)

    def __call__(self, identities: Iterable[str]) -> dict[str, Listing]:
        """Read trees.

        Raises:
            SourceError: GitHub cannot answer, or a folder has more entries than it lists.
        """
        wanted = list(dict.fromkeys(identities))
        found: dict[str, Listing] = {tree: known for tree in wanted if (known := self._known(tree)) is not None}
        found |= self._beside([tree for tree in wanted if tree not in found])
        missing = [tree for tree in wanted if tree not in found]
        if len(missing) == 1:
            return {**found, missing[0]: self._one(missing[0])}
        for start in range(0, len(missing), _TREES):
            found |= self._some(missing[start : start + _TREES])
        return found

    def large(self, name: str) -> str | None:
        """The id of a file that is known to be large, by its name `<tree id>:<file>`."""
        return self._large.get(name)

    def _known(self, tree: str) -> Listing | None:
        return {} if tree in _EMPTY else self._kept.get(tree)

    def _one(self, tree: str) -> Listing:
        document = self._client.json(f"/git/trees/{tree}")
        if document["truncated"]:
            raise SourceError(f"The folder with the tree id {tree} has more entries than GitHub lists: split it.")
        return self._keep(tree, [_row(one["path"], one) for one in document["tree"]])

    def _some(self, trees: Sequence[str]) -> dict[str, Listing]:
        answers = zip(trees, objects(self._client, trees, _TREE), strict=True)
        return {tree: self._keep(tree, _rows(answer)) for tree, answer in answers}

    def _beside(self, trees: Sequence[str]) -> dict[str, Listing]:
        """Of trees of which many are in one and the same, all: with everything below that one, if GitHub tells it."""
        parents = Counter(parent for tree in trees if (parent := self._above.get(tree)))
        found: dict[str, Listing] = {}
        for parent, count in parents.items():
            if count > _TREES:
                found |= self._below(parent)
        return {tree: found[tree] for tree in trees if tree in found}

    def _below(self, tree: str) -> dict[str, Listing]:
        document = self._client.json(f"/git/trees/{tree}?recursive=1")
        if document["truncated"]:
            return {}
        ids = {"": tree, **{one["path"]: one["sha"] for one in document["tree"] if one["mode"] == Mode.FOLDER}}
        rows: dict[str, dict[str, _Row]] = {identity: {} for identity in ids.values()}
        for one in document["tree"]:
            parent, _, name = one["path"].rpartition("/")
            rows[ids[parent]][name] = _row(name, one)
        return {identity: self._keep(identity, below.values()) for identity, below in rows.items()}

    def _keep(self, tree: str, rows: Iterable[_Row]) -> Listing:
        listing = {}
        for row in rows:
            listing[row.name] = row.entry
            if row.entry.is_folder:
                self._above.keep(row.entry.id, tree)
            elif row.size > LARGE:
                self._large.keep(f"{tree}:{row.name}", row.entry.id)
        return self._kept.keep(tree, listing)


def _row(name: str, document: Any) -> _Row:
    """An entry as the trees API tells it; of a folder and of a submodule it tells no size."""
    return _Row(name, Entry(document["sha"], mode_of(document["mode"])), document.get("size", 0))


def _rows(answer: Any) -> list[_Row]:
    """Entries as GraphQL tells them: modes as numbers."""
    if answer is None or answer["__typename"] != "Tree":
        raise SourceError("GitHub does not have a tree that it has listed; ask again.")
    return [_Row(one["name"], Entry(one["oid"], mode_of(f"{one['mode']:o}")), one["size"]) for one in answer["entries"]]
