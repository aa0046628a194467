"""RECORD: the list, in a wheel or an installed package, of its files with their digests and sizes."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

_RECORD = ".dist-info/RECORD"
_CHUNK = 1024 * 1024


class File(BaseModel):
    """One file as a RECORD describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    size: int


def recorded(archive: zipfile.ZipFile, root: str = "") -> dict[str, File]:
    """What the RECORDs of an archive say, by the files' names from a root, such as `python/`."""
    return {
        name: File(sha256=_hexadecimal(digest), size=int(size))
        for record in archive.namelist()
        if record.endswith(_RECORD) and record.startswith(root)
        for name, digest, size in csv.reader(io.StringIO(archive.read(record).decode()))
        if digest
    }


def record_problems(archive: zipfile.ZipFile, root: str = "") -> Iterator[str]:
    """What in an archive is not as its RECORDs say: altered, missing, or there without being listed."""
    listed = {f"{root}{name}": file for name, file in recorded(archive, root).items()}
    there = {entry.filename for entry in archive.infolist() if not entry.is_dir()}
    for name, file in sorted(listed.items()):
        if name not in there:
            yield f"{name} is missing, and its RECORD lists it."
        elif (found := _described(archive, name)) != file:
            yield f"{name} has SHA-256 {found.sha256} and {found.size} bytes, and its RECORD says {file}."
    for name in sorted(there - listed.keys()):
        if not name.endswith(_RECORD):
            yield f"{name} is there, and no RECORD lists it."


def _described(archive: zipfile.ZipFile, name: str) -> File:
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return File(sha256=digest.hexdigest(), size=size)


def _hexadecimal(digest: str) -> str:
    """A RECORD's digest, which is URL-safe base64 without padding."""
    content = digest.removeprefix("sha256=")
    return base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)).hex()
