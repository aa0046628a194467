"""Archives that somebody else has made, looked at before anything of them is unpacked."""

import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orchestrator.errors import ArtifactError

LARGEST_UNZIPPED = 262_144_000
"""What Lambda takes, function and layers together, in bytes: "250 MB" in its quotas."""

_CHUNK = 1024 * 1024
# A wheel of this many files is no wheel; each costs an entry of every table it goes through.
_MOST_MEMBERS = 100_000
_LINK = 0o120000
_KIND = 0o170000


@dataclass(frozen=True)
class Member:
    """One file of a zip: its name and the bytes that it takes when it is unpacked."""

    name: str
    size: int


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
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_directory(path.name, entries, limit)
            left = limit
            for entry in entries:
                left -= _unpacked(path.name, archive, entry, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ArtifactError(f"{path.name} cannot be read: {error}. It is damaged, or made to do harm.") from error
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
        with tarfile.open(path, "r|gz") as archive:
            for count, member in enumerate(archive):
                _check_name(path.name, member.name)
                if not (member.isreg() or member.isdir()):
                    raise _refused(path.name, f"{member.name} is a link or a device")
                limit -= member.size
                if limit < 0 or count >= _MOST_MEMBERS:
                    raise _too_large(path.name)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArtifactError(f"{path.name} cannot be read: {error}. It is damaged, or made to do harm.") from error


def _check_directory(archive: str, entries: list[zipfile.ZipInfo], limit: int) -> None:
    if len(entries) > _MOST_MEMBERS or sum(entry.file_size for entry in entries) > limit:
        raise _too_large(archive)
    for entry in entries:
        _check_name(archive, entry.filename)
        if (entry.external_attr >> 16) & _KIND == _LINK:
            raise _refused(archive, f"{entry.filename} is a symbolic link")
    twice = next(_twice(entry.filename for entry in entries), None)
    if twice:
        raise _refused(archive, f"{twice} is there twice")


def _unpacked(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    size = 0
    with archive.open(entry) as member:
        while chunk := member.read(_CHUNK):
            size += len(chunk)
            if size > min(left, entry.file_size):
                raise _too_large(name)
    return size


def _twice(names: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def _check_name(archive: str, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise _refused(archive, f"{name!r} leads out of the folder that it is unpacked to")


def _refused(archive: str, what: str) -> ArtifactError:
    return ArtifactError(
        f"{archive} is refused: {what}. Depend on another version or package, and tell whoever publishes this one."
    )


def _too_large(archive: str) -> ArtifactError:
    return _refused(archive, "unpacked, it takes more than a Lambda may have, or more than it says that it does")
