"""Reads objects out of a git repository on this machine, many at once."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.errors import SourceError
from orchestrator.source.git import Git


@dataclass(frozen=True, slots=True)
class GitObject:
    """A commit, a tree, a blob or a tag as git keeps it."""

    id: str
    kind: str
    content: bytes


def read_objects(git: Git, names: Iterable[str]) -> Iterator[GitObject | None]:
    """Read objects with one `git cat-file`, in the order asked for; None for what is not there.

    Args:
        git: runs git in the repository.
        names: ids, or whatever else git takes for the name of an object; a name is one line.
    """
    request = "".join(f"{name}\n" for name in names).encode()
    out = io.BytesIO(git("cat-file", "--batch", stdin=request) if request else b"")
    while header := out.readline():
        words = header.split()
        if words[-1] in (b"missing", b"ambiguous"):
            yield None
            continue
        content = out.read(int(words[-1]))
        out.read(1)
        yield GitObject(words[0].decode(), words[-2].decode(), content)


def present_objects(git: Git, names: Iterable[str]) -> Iterator[GitObject]:
    """Read objects that must be there.

    Raises:
        SourceError: one is not.
    """
    wanted = list(names)
    for name, found in zip(wanted, read_objects(git, wanted), strict=True):
        if found is None:
            raise lacking(git, name)
        yield found


def lacking(git: Git, name: str) -> SourceError:
    """What is said of an object that a clone should hold."""
    return SourceError(f"{git.url} lacks the object {name}: clone it without --filter, or fetch it.")
