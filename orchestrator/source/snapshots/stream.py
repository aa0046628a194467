"""Git's objects one after the other, each with the header that git hashes it with, all of it compressed."""

import re
import zlib
from collections.abc import Iterable, Iterator

from orchestrator.errors import SourceError
from orchestrator.source.cat_file import GitObject
from orchestrator.source.objects import object_id

_HEADER = re.compile(rb"(?P<kind>[a-z]+) (?P<size>\d{1,12})\0")
_LEVEL = 6


def write_stream(objects: Iterable[GitObject]) -> bytes:
    """Compress some objects; the same objects in the same order are the same bytes once they are unpacked."""
    packer = zlib.compressobj(_LEVEL)
    parts = [packer.compress(b"%s %d\0" % (one.kind.encode(), len(one.content)) + one.content) for one in objects]
    return b"".join([*parts, packer.flush()])


def read_stream(content: bytes, like: str, limit: int) -> Iterator[GitObject]:
    """Read objects back. Their ids are computed; none is believed.

    Args:
        content: the stream.
        like: an id of the same repository; it tells which hash the repository is made with.
        limit: bytes that it may take when it is unpacked.

    Raises:
        SourceError: it is no such stream, is damaged, or takes more than that.
    """
    data, at = unpack(content, limit), 0
    while at < len(data):
        header = _HEADER.match(data, at)
        end = header.end() + int(header["size"]) if header else len(data) + 1
        if header is None or end > len(data):
            raise SourceError("It is not complete, or was made by something else.")
        kind, found = header["kind"].decode(), data[header.end() : end]
        yield GitObject(object_id(kind, found, like), kind, found)
        at = end


def unpack(content: bytes, limit: int) -> bytes:
    """Decompress; raises `SourceError` when it is damaged, not complete, or takes more bytes than the limit."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(content, limit + 1)
    except zlib.error as error:
        raise SourceError(f"It is damaged: {error}.") from error
    if len(data) > limit:
        raise SourceError(f"Unpacked, it takes more than {limit:,} bytes.")
    if not unpacker.eof:
        raise SourceError("It is not complete.")
    return data
