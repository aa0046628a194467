"""Git's objects: what a tree lists, and the id that content has, so that whoever keeps it need not be believed."""

import hashlib
import re
from datetime import UTC, datetime
from functools import cache

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.changes import Change
from orchestrator.source.repository import Commit, Entry, Mode, people_of, subject_of

_SHA256_DIGITS = 64
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PERSON = re.compile(r"(?P<name>.*> )(?P<seconds>-?\d+) [+-]\d+")
_USUAL = {mode.value.lstrip("0"): mode for mode in Mode}
# How a tree object lists what is in it, by the length of ids.
_ENTRIES = {
    digits: re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % (digits // 2), re.DOTALL) for digits in (40, _SHA256_DIGITS)
}
_KIND, _FILE, _EXECUTABLE = 0o170000, 0o100000, 0o100


def is_full_id(text: str) -> bool:
    """Whether a text is the full id of an object, by SHA-1 or SHA-256."""
    return _ID.fullmatch(text) is not None


def object_id(kind: str, content: bytes, like: str = "") -> str:
    """The id that git gives to an object.

    Args:
        kind: `blob`, `tree` or `commit`.
        content: its bytes, without git's header.
        like: another id of the same repository; it tells which hash the repository is made with, SHA-1 when empty.
    """
    new = hashlib.sha256 if len(like) == _SHA256_DIGITS else hashlib.sha1
    return new(b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class CommitObject:
    """A commit as git keeps it: what is told of it, and the id of its tree."""

    commit: Commit
    tree: str


def parse_commit(identity: str, content: bytes) -> CommitObject:
    """Read a commit object; text that is not in its encoding is read as far as it can be."""
    head, _, message = content.partition(b"\n\n")
    # A line that begins with a space belongs to the one before, such as those of a signature.
    lines = [line.partition(b" ")[::2] for line in head.split(b"\n") if not line.startswith(b" ")]
    fields = dict(reversed(lines))
    encoding = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author, _ = _person(_text(fields[b"author"], encoding))
    committer, seconds = _person(_text(fields[b"committer"], encoding))
    text = _text(message, encoding)
    commit = Commit(
        id=identity,
        author=author,
        committed_at=datetime.fromtimestamp(seconds, UTC),
        subject=subject_of(text),
        parents=tuple(value.decode() for name, value in lines if name == b"parent"),
        people=people_of(author, committer, text),
    )
    return CommitObject(commit, fields[b"tree"].decode())


def _person(text: str) -> tuple[str, int]:
    found = _PERSON.fullmatch(text)
    return (found["name"].strip(), int(found["seconds"])) if found else (text, 0)


def _text(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def parse_tree(content: bytes, like: str) -> dict[str, Entry]:
    """What a tree object lists, by name; a name that is not UTF-8 is decoded as Python decodes those of files.

    Args:
        content: the object's bytes.
        like: as for `object_id`.
    """
    found = _ENTRIES[len(like)].findall(content)
    if len(content) != sum(len(mode) + len(name) + len(identity) + 2 for mode, name, identity in found):
        raise SourceError("A tree of the repository is damaged: 'git fsck' finds out which.")
    return {
        name.decode("utf-8", "surrogateescape"): Entry(identity.hex(), mode_of(mode.decode()))
        for mode, name, identity in found
    }


def parse_changes(content: bytes) -> dict[str, Change]:
    """What `git diff-tree -z` prints, by path."""
    fields = content.split(b"\0")
    found: dict[str, Change] = {}
    for described, path in zip(fields[0:-1:2], fields[1::2], strict=True):
        old_mode, new_mode, old, new, _ = described[1:].decode().split(" ")
        found[path.decode("utf-8", "surrogateescape")] = Change(_entry(old, old_mode), _entry(new, new_mode))
    return found


def _entry(identity: str, mode: str) -> Entry | None:
    return Entry(identity, mode_of(mode)) if mode.strip("0") else None


@cache
def mode_of(written: str) -> Mode:
    """A mode in octal digits; old versions of git wrote more permissions than it keeps today."""
    usual = _USUAL.get(written.lstrip("0"))
    if usual:
        return usual
    number = int(written, 8)
    if number & _KIND == _FILE:
        return Mode.PROGRAM if number & _EXECUTABLE else Mode.FILE
    return Mode(f"{number:06o}")
