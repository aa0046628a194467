"""Archives that somebody else has made, looked at before anything of them is unpacked."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Self

from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass

LARGEST_UNZIPPED = 262_144_000
"""What Lambda takes, function and layers together, in bytes: "250 MB" in its quotas."""
MOST_MEMBERS = 100_000
"""A wheel of this many files is no wheel; each costs an entry of every table it goes through."""

_CHUNK = 1024 * 1024
_LINK = 0o120000
_KIND = 0o170000
# Others need a decompressor whose memory the archive itself decides on.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Source: APPNOTE.TXT, sections 4.3.15 and 4.3.16. A comment is at most 64 KiB long.
_END, _END_SIGNATURE, _LONGEST_COMMENT = struct.Struct("<4s4H2IH"), b"PK\5\6", 0xFFFF
_ZIP64_LOCATOR, _ZIP64_SIGNATURE = 20, b"PK\6\7"
_LARGEST_DIRECTORY = 32 * 1024 * 1024
# What Linux takes of a name, and of a path that is unpacked somewhere.
_LONGEST_NAME, _LONGEST_PATH = 255, 2_048
# A header and what fills its last block up, for every file.
_TAR_OVERHEAD = MOST_MEMBERS * 1024
# Headers that hold a long name or the like are read at once, however long they say that they are.
_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_LONGEST_HEADER = 1024 * 1024
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error, EOFError),
    *(NotImplementedError, RuntimeError, ValueError, OSError),
)


@dataclass(frozen=True)
class Member:
    """One file of a zip: its name and the bytes that it takes when it is unpacked."""

    name: str
    size: int


def is_plain(name: str) -> bool:
    """Whether a name is text without control characters, as can be written to every archive, log and terminal."""
    return not any(one < " " or one == "\x7f" or "\ud800" <= one <= "\udfff" for one in name)


def check_archive(path: Path, limit: int) -> list[Member]:
    """Check a zip, such as a wheel, and list its files.

    What it says of its sizes is not believed: every member is unpacked into nothing, up to the limit. A member that is
    longer than it says ends there, and so do members that share their bytes, as in bombs of overlapping files.

    Args:
        path: the zip.
        limit: bytes that all of it may take when it is unpacked.

    Raises:
        ArtifactError: it is no zip, takes more than the limit, holds a link, or a name that leads out of its folder.
    """
    try:
        _check_end(path)
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_directory(path.name, entries, limit)
            left = limit
            for entry in entries:
                left -= _unpacked(path.name, archive, entry, left)
    except _DAMAGED as error:
        raise _damaged(path.name, error) from error
    return [Member(entry.filename, entry.file_size) for entry in entries if not entry.is_dir()]


def check_tar(path: Path, limit: int) -> None:
    """Check a `.tar.gz`, such as an sdist, without unpacking it to disk.

    Args:
        path: the archive.
        limit: bytes that all of it may take when it is unpacked.

    Raises:
        ArtifactError: as `check_archive`.
    """
    try:
        with gzip.open(path) as unzipped:
            stream = _Bounded(path.name, unzipped, limit + _TAR_OVERHEAD)
            with _Tar.open(None, "r|", stream) as archive:
                for count, member in enumerate(archive):
                    _check_name(path.name, member.name)
                    if not (member.isreg() or member.isdir()):
                        raise _refused(path.name, f"{member.name!r} is a link or a device")
                    limit -= member.size
                    if limit < 0 or count >= MOST_MEMBERS:
                        raise _too_large(path.name)
    except _DAMAGED as error:
        raise _damaged(path.name, error) from error


class _Header(tarfile.TarInfo):
    """A header of a tar that is no longer than headers are."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read it."""
        made = super().frombuf(buf, encoding, errors)
        if made.size < 0 or (made.type in _HEADERS and made.size > _LONGEST_HEADER):
            raise tarfile.ReadError("a header is as long as none is")
        return made


class _Tar(tarfile.TarFile):
    tarinfo = _Header


class _Bounded(io.BufferedIOBase):
    """A stream that ends in an error where it is too long."""

    def __init__(self, name: str, stream: gzip.GzipFile, limit: int) -> None:
        self._name = name
        self._stream = stream
        self._left = limit

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on."""
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise _too_large(self._name)
        return content


def _check_end(path: Path) -> None:
    """Look at the end of a zip, which says how long the list of its files is: `zipfile` reads all of that at once."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - _END.size - _LONGEST_COMMENT)
        file.seek(start)
        last = file.read()
    at = last.rfind(_END_SIGNATURE)
    if at < 0 or len(last) - at < _END.size:
        raise zipfile.BadZipFile("it has no end of a zip")
    directory = _END.unpack_from(last, at)[5]
    zip64 = last[max(0, at - _ZIP64_LOCATOR) : at].startswith(_ZIP64_SIGNATURE)
    if zip64 or directory > _LARGEST_DIRECTORY:
        raise _too_large(path.name)


def _check_directory(archive: str, entries: list[zipfile.ZipInfo], limit: int) -> None:
    if len(entries) > MOST_MEMBERS or sum(entry.file_size for entry in entries) > limit:
        raise _too_large(archive)
    for entry in entries:
        _check_name(archive, entry.filename)
        if (entry.external_attr >> 16) & _KIND == _LINK:
            raise _refused(archive, f"{entry.filename!r} is a symbolic link")
        if entry.compress_type not in _METHODS:
            raise _refused(archive, f"{entry.filename!r} is compressed in a way that Lambda does not unpack")
    _check_tree(archive, entries)


def _check_tree(archive: str, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse two entries of one name, and a file that is a folder of others."""
    seen: set[str] = set()
    for entry in entries:
        if entry.filename in seen:
            raise _refused(archive, f"{entry.filename!r} is there twice")
        seen.add(entry.filename)
    files = {entry.filename for entry in entries if not entry.is_dir()}
    for entry in entries:
        above = entry.filename.rstrip("/").rpartition("/")[0]
        while above:
            if above in files:
                raise _refused(archive, f"{above!r} is both a file and a folder")
            above = above.rpartition("/")[0]


def _unpacked(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    size = 0
    with archive.open(entry) as member:
        while chunk := member.read(_CHUNK):
            size += len(chunk)
            if size > min(left, entry.file_size):
                raise _too_large(name)
    return size


def _check_name(archive: str, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise _refused(archive, f"{name!r} leads out of the folder that it is unpacked to")
    if not is_plain(name):
        raise _refused(archive, f"{name!r} is a name with control characters, or not text")
    if len(name.encode()) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in path.parts):
        raise _refused(archive, f"the name {name[:_LONGEST_NAME]!r}... is too long to be unpacked")


def _refused(archive: str, what: str) -> ArtifactError:
    return ArtifactError(
        f"{archive} is refused: {what}. Depend on another version or package, and tell whoever publishes this one."
    )


def _too_large(archive: str) -> ArtifactError:
    return _refused(archive, "unpacked, it takes more than a Lambda may have, or more than it says that it does")


def _damaged(archive: str, error: Exception) -> ArtifactError:
    return ArtifactError(f"{archive} cannot be read: {error}. It is damaged, or made to do harm.")
