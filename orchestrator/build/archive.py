"""Archives whose bytes depend on nothing but their content."""

import gzip
import os
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestrator.errors import ArtifactError

# The earliest time that a zip can hold. A real time would make equal content differ.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_FILE, _PROGRAM, _REGULAR = 0o644, 0o755, 0o100000
_LEVEL = 6
_CHUNK = 1024 * 1024


def zip_files(files: Mapping[str, bytes], into: Path) -> None:
    """Write a zip of some contents by name; equal contents give equal bytes."""
    with _open(into) as archive:
        for name in sorted(files):
            archive.writestr(_entry(name, _FILE), files[name])


def zip_folder(folder: Path, into: Path, *, bytecode: bool = False) -> None:
    """Write a zip of all files of a folder; equal files give equal bytes, whenever and in whatever order made.

    Args:
        folder: what is packed.
        into: the zip's path.
        bytecode: whether compiled modules are packed. Those that Python makes by itself hold times, and are made anew
            wherever the archive is used.

    Raises:
        ArtifactError: the folder holds a symbolic link, which may lead out of it.
    """
    zip_paths({path.relative_to(folder).as_posix(): path for path in _files(folder, bytecode=bytecode)}, into)


def zip_paths(files: Mapping[str, Path], into: Path) -> None:
    """Write a zip of files by the names that they get in it; equal files give equal bytes.

    Of a file's mode, it keeps whether it is a program.
    """
    with _open(into) as archive:
        for name, path in sorted(files.items()):
            mode = _PROGRAM if path.stat().st_mode & 0o100 else _FILE
            with archive.open(_entry(name, mode), "w") as entry, path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    entry.write(chunk)


def unpack(archive: Path, into: Path) -> Path:
    """Unpack a zip into a folder, and return the folder; paths that lead out of it end up within."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(into)  # noqa: S202  # Of a zip, not of a tar: it has no links, and paths are made safe.
    return into


def repack_tar(source: Path, into: Path, timestamp: int) -> None:
    """Write a `.tar.gz` anew with sorted entries, one timestamp, no owner, plain modes and no file name in its head.

    Not every build backend heeds SOURCE_DATE_EPOCH in an sdist. Nothing is unpacked to disk, so hostile paths in the
    source do no harm here.
    """
    with (
        tarfile.open(source, "r:gz") as old,
        into.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=_LEVEL, mtime=timestamp, fileobj=file) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            new.addfile(_plain(member, timestamp), old.extractfile(member) if member.isreg() else None)


def _plain(member: tarfile.TarInfo, timestamp: int) -> tarfile.TarInfo:
    mode = _PROGRAM if member.isdir() or member.mode & 0o100 else _FILE
    plain = member.replace(mtime=timestamp, mode=mode, uid=0, gid=0, uname="", gname="", deep=False)
    plain.pax_headers = {}
    return plain


def _open(into: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(into, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = (_REGULAR | mode) << 16
    return entry


def _files(folder: Path, *, bytecode: bool) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if bytecode or name != "__pycache__"]
        paths = [Path(parent, name) for name in (*folders, *names)]
        link = next((path for path in paths if path.is_symlink()), None)
        if link:
            raise ArtifactError(
                f"{link.relative_to(folder)} is a symbolic link, which an archive must not hold: "
                "replace it by the file or folder that it points to."
            )
        yield from (path for path in paths[len(folders) :] if bytecode or path.suffix != ".pyc")
