"""A zip that takes over what other zips have compressed already. Compressing again is most of what a layer takes."""

import hashlib
import struct
import zipfile
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass

# Source: APPNOTE.TXT, the specification of the format; sections 4.3.7, 4.3.12 and 4.3.16.
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_VERSION, _MADE_ON_UNIX, _UTF8 = 20, 3 << 8 | 20, 0x800
# 1980-01-01 00:00, the earliest time that a zip can hold. A real time would make equal content differ.
_TIME, _DATE = 0, 1 << 5 | 1
_REGULAR = 0o100000
_COPIED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LEVEL = 6
# What is written, and handed to another thread to be hashed, at a time.
_PIECE = 1024 * 1024
# What 16 bits can count; beyond it a zip needs an extension that not everything reads.
MOST_ENTRIES = 0xFFFF


@dataclass(frozen=True)
class _Packed:
    method: int
    crc: int
    packed: int
    size: int


class RawZipWriter:
    """Writes a zip whose bytes depend on nothing but the entries and their order.

    Args:
        into: the file.
    """

    def __init__(self, into: Path) -> None:
        self._file = into.open("wb")
        self._central: list[bytes] = []
        self._size = 0
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        # Beside the writing, and never more than a piece behind it.
        self._hashing = ThreadPoolExecutor(1)
        self._hashed: Future[None] | None = None
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if error is None:
                self._end()
        finally:
            self._hashing.shutdown()
            self._file.close()

    @property
    def sha256(self) -> str:
        """SHA-256 of the whole file, hexadecimal, once it is written."""
        return self._digest.hexdigest()

    def copy(self, name: str, mode: int, source: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        """Take an entry over under another name, without decompressing it where deflate compressed it."""
        if entry.compress_type not in _COPIED:
            self.write(name, mode, source.read(entry))
            return
        packed = _Packed(entry.compress_type, entry.CRC, entry.compress_size, entry.file_size)
        self._add(name, mode, packed, _raw(source, entry))

    def write(self, name: str, mode: int, content: bytes) -> None:
        """Compress a content into an entry."""
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        raw = deflate.compress(content) + deflate.flush()
        self._add(name, mode, _Packed(zipfile.ZIP_DEFLATED, zlib.crc32(content), len(raw), len(content)), raw)

    def _add(self, name: str, mode: int, packed: _Packed, raw: bytes) -> None:
        encoded, offset = name.encode(), self._size
        flags = 0 if name.isascii() else _UTF8
        common = (flags, packed.method, _TIME, _DATE, packed.crc, packed.packed, packed.size, len(encoded), 0)
        self._write(_LOCAL.pack(b"PK\3\4", _VERSION, *common) + encoded)
        self._write(raw)
        attributes = (_REGULAR | mode) << 16
        head = _CENTRAL.pack(b"PK\1\2", _MADE_ON_UNIX, _VERSION, *common, 0, 0, 0, attributes, offset)
        self._central.append(head + encoded)

    def _end(self) -> None:
        number = len(self._central)
        if number > MOST_ENTRIES:
            raise ArtifactError(
                f"A zip of {number:,} files was to be written; it can hold {MOST_ENTRIES:,}: do with fewer."
            )
        start, directory = self._size, b"".join(self._central)
        self._write(directory + _END.pack(b"PK\5\6", 0, 0, number, number, len(directory), start, 0))
        self._flush()

    def _write(self, piece: bytes) -> None:
        self._size += len(piece)
        self._waiting_size += len(piece)
        self._waiting.append(piece)
        if self._waiting_size >= _PIECE:
            self._flush()

    def _flush(self) -> None:
        piece = b"".join(self._waiting)
        self._waiting, self._waiting_size = [], 0
        if self._hashed:
            self._hashed.result()
        self._hashed = self._hashing.submit(self._digest.update, piece)
        self._file.write(piece)


def _raw(source: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry's bytes as they lie in the file, behind its own header: the directory's copy of it may differ."""
    file: BinaryIO | None = source.fp  # type: ignore[assignment]  # typeshed's IO[bytes] is what it is.
    if file is None:
        raise ArtifactError(f"{source.filename} is closed.")
    file.seek(entry.header_offset)
    head = _LOCAL.unpack(file.read(_LOCAL.size))
    file.seek(head[-2] + head[-1], 1)
    return file.read(entry.compress_size)
