"""Git's objects, stored one after the other."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import SourceError
from orchestrator.source.cat_file import GitObject
from orchestrator.source.objects import object_id
from orchestrator.source.snapshots.stream import read_stream, write_stream

SHA1, SHA256 = "0" * 40, "0" * 64
LIMIT = 10_000
OBJECTS = st.tuples(st.sampled_from(["commit", "tree", "blob"]), st.binary(max_size=50))


@given(st.lists(OBJECTS), st.sampled_from([SHA1, SHA256]))
def test_what_was_written_is_read_with_the_ids_that_git_gives(objects: list[tuple[str, bytes]], like: str) -> None:
    """Whatever is in them."""
    written = [GitObject(object_id(kind, content, like), kind, content) for kind, content in objects]
    assert list(read_stream(write_stream(written), like, LIMIT)) == written


def test_an_id_is_the_one_that_git_gives() -> None:
    """The empty file's is known to everybody."""
    assert object_id("blob", b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not complete"),
        (b"nothing", "damaged"),
        (zlib.compress(b"blob 3\0abc")[:-4], "not complete"),
        (zlib.compress(b"blob 4\0abc"), "not complete"),
        (zlib.compress(b"blob 3\0abcd"), "not complete, or was made by something else"),
        (zlib.compress(b"blob -1\0abc"), "made by something else"),
        (zlib.compress(bytes(LIMIT * 1_000)), "takes more than 10,000 bytes"),
    ],
)
def test_what_is_none_is_refused(content: bytes, problem: str) -> None:
    """A bomb is unpacked no further than the limit."""
    with pytest.raises(SourceError, match=problem):
        list(read_stream(content, SHA1, LIMIT))
