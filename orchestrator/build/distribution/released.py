"""A wheel in the form that is released: unpacked as a zip, as Lambda does it, it is what pip would install.

Most wheels are that already, and stay as their build backends made them.
"""

import re
import zipfile
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name
from packaging.version import Version

from orchestrator.build.archive import zip_folder
from orchestrator.build.distribution.metadata import WheelMetadata, read_metadata
from orchestrator.build.distribution.record import write_record
from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass

# Of a wheel's .data folder, what pip puts beside its modules; a layer gets it there, too.
_BESIDE_MODULES = ("purelib", "platlib", "data")
_READABLE, _PROGRAM = 0o444, 0o100
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


@dataclass(frozen=True)
class Named:
    """What a released wheel is called.

    Attributes:
        unit: the name that it is stored and installed by.
        version: the release's.
    """

    unit: str
    version: str

    @property
    def stem(self) -> str:
        """What names of the release's wheel and sdist begin with.

        It is `<unit>-<version>` with the unit's name written as the wheel specification demands, `my-unit` as
        `my_unit`: a wheel with another `-` in its name cannot be installed.
        """
        return f"{canonicalize_name(self.unit).replace('-', '_')}-{self.version}"

    def is_of(self, metadata: WheelMetadata) -> bool:
        """Whether a wheel's metadata says the same."""
        same_name = canonicalize_name(metadata.name) == canonicalize_name(self.unit)
        return same_name and Version(metadata.version) == Version(self.version)


def released_wheel(wheel: Path, named: Named, scratch: Path) -> Path:
    """The wheel that is released.

    Args:
        wheel: as it was made.
        named: what it is to be called.
        scratch: a folder that does not exist.

    Returns:
        The wheel itself, or another one in the scratch folder.

    Raises:
        ArtifactError: two of its files would lie in one place, or it has no valid metadata.
    """
    metadata = read_metadata(wheel)
    with zipfile.ZipFile(wheel) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if named.is_of(metadata) and not any(map(_is_changed, entries)):
            return wheel
        content = scratch / "content"
        folder = content / f"{named.stem}.dist-info"
        for entry in entries:
            _write(archive, entry, content / _place(entry.filename, metadata.folder, folder.name))
    _stamp(folder, named)
    write_record(content, folder)
    zip_folder(content, scratch / wheel.name)
    return scratch / wheel.name


def _is_changed(entry: zipfile.ZipInfo) -> bool:
    """Whether a file lies elsewhere than pip would put it, or could not be read by the user that Lambda runs as."""
    mode = entry.external_attr >> 16
    return _beside_modules(entry.filename) is not None or (mode != 0 and mode & _READABLE != _READABLE)


def _beside_modules(name: str) -> str | None:
    """Where a file of a wheel's `.data` folder goes, None when it stays where it is."""
    parts = PurePosixPath(name).parts
    is_moved = len(parts) > 2 and parts[0].endswith(".data") and parts[1] in _BESIDE_MODULES  # noqa: PLR2004  # A file.
    return "/".join(parts[2:]) if is_moved else None


def _place(name: str, folder: str, new_folder: str) -> str:
    inside = name.removeprefix(f"{folder}/")
    return f"{new_folder}/{inside}" if inside != name else _beside_modules(name) or name


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    content = archive.read(entry)
    if path.exists() and path.read_bytes() != content:
        raise ArtifactError(
            f"{Path(archive.filename or '').name} holds {path.name} twice, in its .data folder with other content: let "
            "the build backend make one of them."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755 if entry.external_attr >> 16 & _PROGRAM else 0o644)


def _stamp(folder: Path, named: Named) -> None:
    """Write name and version into a wheel's metadata; a signature of the list of its files holds no more."""
    for name in _SIGNATURES:
        (folder / name).unlink(missing_ok=True)
    path = folder / "METADATA"
    head, separator, body = path.read_text(encoding="utf-8", errors="surrogateescape").partition("\n\n")
    head = re.sub(r"(?im)^name:.*$", f"Name: {named.unit}", head, count=1)
    head = re.sub(r"(?im)^version:.*$", f"Version: {named.version}", head, count=1)
    path.write_text(f"{head}{separator}{body}", encoding="utf-8", errors="surrogateescape")
