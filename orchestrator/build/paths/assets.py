"""The objects that stand in for local paths: each is named after its content, so equal ones are one."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path, PurePosixPath

from orchestrator.build.archive import zip_paths
from orchestrator.build.bounds import LARGEST_UNZIPPED, check_archive
from orchestrator.build.folders.contents import FolderContents
from orchestrator.build.package import refuse_pointers
from orchestrator.errors import ArtifactError, ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.sha256 import sha256_of, sha256_of_file

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"


@dataclass
class Assets:
    """Objects that a release's templates refer to.

    Attributes:
        unit: its name.
        own: a folder that no program of the unit writes to.
        files: the objects, by key.
    """

    unit: str
    own: Path
    files: dict[str, Path] = field(default_factory=dict)
    _zipped: dict[tuple[tuple[str, Path], ...], Path] = field(default_factory=dict)

    def file(self, path: Path, name: str, *, is_named: bool = False) -> str:
        """Add a file as it is; returns its key.

        Args:
            path: the file.
            name: its path from the repository's root.
            is_named: whether the key ends with the file's own name.

        Raises:
            ConfigurationError: it is a pointer of Git LFS.
        """
        with path.open("rb") as opened:
            if opened.read(len(_POINTER)) == _POINTER:
                raise ConfigurationError(
                    name,
                    "is a pointer of Git LFS and not the file itself, which builds do not fetch. Commit the file "
                    "without LFS.",
                )
        return self._added(path, PurePosixPath(name).name, is_named=is_named)

    def archive(self, path: Path, name: str) -> str:
        """Add the archive of a function or a layer as it is; returns its key.

        Raises:
            ConfigurationError: Lambda would not unpack it, or should not.
        """
        try:
            check_archive(path, LARGEST_UNZIPPED)
        except ArtifactError as error:
            raise ConfigurationError(name, str(error)) from error
        return self.file(path, name)

    def folder(self, packaged: FolderContents, name: str, *, is_named: bool = False) -> str:
        """Add the zip of a folder's files; returns its key.

        Raises:
            ConfigurationError: it has no files.
        """
        if not packaged.files:
            raise ConfigurationError(name, "holds no file that would be packaged. Add one, or name another folder.")
        contents = tuple(packaged.files.items())
        if contents not in self._zipped:
            path = self.own / f"folder-{len(self._zipped)}.zip"
            zip_paths(packaged.files, path)
            refuse_pointers(path, self.unit)
            self._zipped[contents] = path
        return self._added(self._zipped[contents], f"{PurePosixPath(name).name}.zip", is_named=is_named)

    def text(self, content: bytes, suffix: str) -> str:
        """Add a text that was made here, such as a nested template; returns its key."""
        path = self.own / f"{sha256_of(content)}{suffix}"
        path.write_bytes(content)
        return self._added(path, path.name, is_named=False)

    def _added(self, path: Path, name: str, *, is_named: bool) -> str:
        digest, suffix = sha256_of_file(path), PurePosixPath(name).suffix
        if is_named and _NAME.fullmatch(name):
            key = layout.named_asset_key(self.unit, digest, name)
        else:
            key = layout.asset_key(self.unit, digest, suffix if _SUFFIX.fullmatch(suffix) else "")
        self.files[key] = path
        return key


def text_of(path: Path, name: str) -> str:
    """The text of a file.

    Raises:
        ConfigurationError: it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(name, f"is not UTF-8: {error}.") from error


def is_archive(path: Path) -> bool:
    """Whether a file is a zip, as a `.jar` is."""
    return zipfile.is_zipfile(path)


def contents_of(files: Mapping[str, Path]) -> dict[str, str]:
    """The SHA-256 of each of some files."""
    return {name: sha256_of_file(path) for name, path in files.items()}
