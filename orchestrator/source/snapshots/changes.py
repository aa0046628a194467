"""Tells the commits before a commit out of a clone, as far back as it goes, with the paths that each changed."""

from collections.abc import Iterator, Sequence

from orchestrator.source.cat_file import ObjectReader
from orchestrator.source.git import Git
from orchestrator.source.objects import CommitObject, parse_commit
from orchestrator.source.repository import MOST_COMMITS
from orchestrator.source.snapshots.past import Changed, shorten, write_past


def tell_past(git: Git, commit: str) -> bytes:
    """The newest 250 commits that a commit consists of, itself included, as they are stored."""
    listed = git("log", f"--max-count={MOST_COMMITS}", "--format=%H", "--end-of-options", commit).decode().split()
    objects = ObjectReader(git)
    commits = list(objects.present(listed))
    changed = _changes(git, objects, [parse_commit(one.id, one.content) for one in commits])
    return write_past([(one.content, changed[one.id]) for one in commits])


def _changes(git: Git, objects: ObjectReader, commits: Sequence[CommitObject]) -> dict[str, list[Changed | None]]:
    """By commit, what differs from each parent; None where a shallow clone does not hold the parent."""
    parents = list(dict.fromkeys(parent for one in commits for parent in one.commit.parents))
    trees = {one.id: parse_commit(one.id, one.content).tree for one in objects.read(parents) if one}
    empty = git("hash-object", "-t", "tree", "--stdin").decode().strip()
    pairs = [(one, parent) for one in commits for parent in one.commit.parents or (None,)]
    before = [trees.get(parent) if parent else empty for _, parent in pairs]
    known = _differing(git, [(tree, one.tree) for (one, _), tree in zip(pairs, before, strict=True) if tree])
    changed: dict[str, list[Changed | None]] = {}
    for (one, _), tree in zip(pairs, before, strict=True):
        changed.setdefault(one.commit.id, []).append(shorten(next(known)) if tree else None)
    return changed


def _differing(git: Git, pairs: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
    """The paths that differ between the two trees of each pair, all asked for at once."""
    headers = [f"{one} {other}\n" for one, other in pairs]
    out = git("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", stdin="".join(headers).encode())
    text, at = out.decode("utf-8", "surrogateescape"), 0
    for header in headers:
        at += len(header)
        paths = []
        # A path may hold anything but NUL. What precedes it, ":<modes> <ids> <status>", tells that there is one.
        while text.startswith(":", at):
            begin = text.index("\0", at) + 1
            at = text.index("\0", begin) + 1
            paths.append(text[begin : at - 1])
        yield paths
