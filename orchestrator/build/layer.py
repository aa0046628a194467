"""A layer out of wheels: their members, as they are compressed already, below `python/`.

What installing would make is made without installing (the binary distribution format, PEP 427): `.data/purelib`,
`platlib` and `data` go where `uv pip install --target` puts them, each package's list of files is cut to what is
there. Left out is what a layer has no use for or what differs from machine to machine: programs and headers, bytecode,
and installers' notes.
"""

import csv
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Container, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePath, PurePosixPath

from orchestrator.build.bounds import LARGEST_UNZIPPED
from orchestrator.build.rawzip import MOST_ENTRIES, RawZipWriter
from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass

ROOT = "python"
_FILE, _PROGRAM = 0o644, 0o755
_EXECUTABLE = 0o111
_LINK = 0o120000
_LINK_MASK = 0o170000
_KINDS = ("purelib", "platlib", "data")
# Programs name an interpreter of the machine that installed them; headers are for compiling.
_LEFT_OUT_FOLDERS = ("bin", "include")
_TESTS = {"test", "tests"}
RECORDS = "*.dist-info/RECORD"
"""Where packages list their files, in the folder that they are installed to."""
_UVS_LOCK = (".lock",)
_MOST_LISTED = 5
_NOTES = ("INSTALLER", "REQUESTED", "uv_cache.json", "uv_build.json")


@dataclass(frozen=True)
class _Member:
    archive: zipfile.ZipFile
    entry: zipfile.ZipInfo


@dataclass(frozen=True)
class LayerFile:
    """A layer on this machine.

    Attributes:
        path: the file.
        sha256: what is hashed once need not be hashed again.
        unpacked: the folders that its files lie in on this machine, where they do.
    """

    path: Path
    sha256: str
    unpacked: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Assembled:
    """A layer that was made: its SHA-256, and the paths that different wheels have different files for."""

    sha256: str
    clashes: tuple[str, ...]


def assemble(wheels: Sequence[Path], into: Path) -> Assembled:
    """Make a layer of wheels; equal wheels give equal bytes.

    Args:
        wheels: in the order in which they are installed: of two files of the same name the later one stays.
        into: the layer.

    Raises:
        ArtifactError: a wheel holds a path that leads out of the layer, or a link.
    """
    with ExitStack() as stack:
        archives = [stack.enter_context(_opened(path)) for path in wheels]
        members: dict[str, _Member] = {}
        clashes = []
        for archive in archives:
            for path, entry in _installed(archive):
                there = members.get(path)
                if there and (there.entry.CRC, there.entry.file_size) != (entry.CRC, entry.file_size):
                    clashes.append(path)
                members[path] = _Member(archive, entry)
        if len(members) > MOST_ENTRIES:
            raise _too_many(members.values())
        with RawZipWriter(into) as layer:
            for path in sorted(members):
                _put(layer, path, members)
    return Assembled(layer.sha256, tuple(sorted(set(clashes))))


def extract(archive: Path, into: Path) -> None:
    """Write the files of one wheel into a folder, as they lie below a layer's `python/`, but for tests.

    Those are most of the files of large packages, and hardly ever imported.

    Raises:
        ArtifactError: as `assemble`, or it holds more than a layer can.
        OSError: files of it cannot be written.
    """
    into.mkdir()
    with _opened(archive) as opened:
        members = {path: _Member(opened, entry) for path, entry in _installed(opened)}
        if sum(member.entry.file_size for member in members.values()) > LARGEST_UNZIPPED:
            raise ArtifactError(f"{archive.name} takes more than a layer can hold: do without it.")
        written = {path: member for path, member in members.items() if is_extracted(path)}
        for folder in sorted({path.rpartition("/")[0] for path in written}):
            (into / folder).mkdir(parents=True, exist_ok=True)
        for path, member in written.items():
            content = _record(member, members) if _is_record(path) else _content(member)
            (into / path).write_bytes(content)
            (into / path).chmod(_mode(member))


def is_extracted(path: str) -> bool:
    """Whether a file of a wheel is one that `extract` writes."""
    return _TESTS.isdisjoint(path.split("/")[:-1])


def installed_path(name: str) -> str | None:
    """Where a member of a wheel goes, from the layer's `python/`; None when it is left out.

    Raises:
        ArtifactError: the path leads out of it.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise ArtifactError(f"{name!r} is no path that a wheel may hold: it leads out of the folder it is unpacked to.")
    parts = path.parts
    if parts[0].endswith(".data"):
        if len(parts) < 3 or parts[1] not in _KINDS:  # noqa: PLR2004  # The folder, the kind, and a file.
            return None
        parts = parts[2:]
    left_out = (
        parts == _UVS_LOCK
        or parts[0] in _LEFT_OUT_FOLDERS
        or "__pycache__" in parts
        or path.suffix == ".pyc"
        or (len(parts) > 1 and parts[-2].endswith(".dist-info") and parts[-1] in _NOTES)
    )
    return None if left_out else "/".join(parts)


def _opened(wheel: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(wheel)
    except zipfile.BadZipFile as error:
        raise ArtifactError(f"{wheel.name} is not a wheel: {error}. Lock another version.") from error


def _installed(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        if entry.external_attr >> 16 & _LINK_MASK == _LINK:
            raise ArtifactError(f"{entry.filename} in {archive.filename} is a symbolic link, which no wheel may hold.")
        path = installed_path(entry.filename)
        if path is not None and entry.file_size > LARGEST_UNZIPPED:
            # Wheels are named for their packages here.
            package = PurePath(archive.filename or "").stem
            raise ArtifactError(
                f"{path} of {package} takes {entry.file_size:,} bytes unzipped, and Lambda allows "
                f"{LARGEST_UNZIPPED:,} for function and layer: do without {package}."
            )
        if path is not None:
            yield path, entry


def _too_many(members: Collection[_Member]) -> ArtifactError:
    # Wheels are named for their packages here.
    counted = Counter(PurePath(member.archive.filename or "").stem for member in members)
    largest = ", ".join(f"{package} ({count:,})" for package, count in counted.most_common(_MOST_LISTED))
    return ArtifactError(
        f"The layer would hold {len(members):,} files, and a zip can hold {MOST_ENTRIES:,}: do without some of the "
        f"dependencies. Those with the most files: {largest}."
    )


def _put(layer: RawZipWriter, path: str, members: dict[str, _Member]) -> None:
    member = members[path]
    name = f"{ROOT}/{path}"
    if _is_record(path):
        layer.write(name, _FILE, _record(member, members))
    else:
        layer.copy(name, _mode(member), member.archive, member.entry)


def _content(member: _Member) -> bytes:
    try:
        return member.archive.read(member.entry)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ArtifactError(
            f"{member.entry.filename} in {member.archive.filename} cannot be read: {error}. Lock another version."
        ) from error


def _is_record(path: str) -> bool:
    return path.endswith(".dist-info/RECORD") and path.count("/") == 1


def _mode(member: _Member) -> int:
    return _PROGRAM if member.entry.external_attr >> 16 & _EXECUTABLE else _FILE


def _record(member: _Member, there: Container[str | None]) -> bytes:
    """A package's list of files, of those that are there; sorted, so that it does not tell how it was made."""
    text = member.archive.read(member.entry).decode()
    rows = [[path, *row[1:]] for row in csv.reader(text.splitlines()) if row and (path := _path(row[0])) in there]
    made = io.StringIO(newline="")
    csv.writer(made, lineterminator="\n").writerows(sorted(rows))
    return made.getvalue().encode()


def _path(row: str) -> str | None:
    try:
        return installed_path(row)
    except ArtifactError:
        # What an installer wrote of a file that it put elsewhere.
        return None
