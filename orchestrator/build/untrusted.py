"""Files that a unit's own programs have written, read by a process that may read more than those programs may.

A path out of such a file, or a symbolic link in its place, could name anything that the build's user may read. So each
path is walked a component at a time from a folder that those programs cannot replace, and no link is followed; what is
kept is copied out of their reach.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from orchestrator.errors import ConfigurationError

_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY
_FILE_MODE, _PROGRAM_MODE = 0o644, 0o755


@dataclass(frozen=True)
class UntrustedFolder:
    """A folder that is read without trust.

    Attributes:
        root: where paths are walked from; what has written the folder cannot put anything in its place.
        parts: the folder, from there.
        unit: whose programs have written it, for messages.
        file: what they were told by, for messages.
    """

    root: Path
    parts: tuple[str, ...]
    unit: str
    file: str

    def below(self, path: str) -> "UntrustedFolder":
        """A folder in this one.

        Raises:
            ConfigurationError: the path leads out of this one.
        """
        return replace(self, parts=(*self.parts, *self._checked(path)))

    def read(self, path: str, absent: str = "") -> bytes:
        """Read a file.

        Args:
            path: in this folder.
            absent: what to say when it is not there.

        Raises:
            ConfigurationError: it is not there, no file, or not in this folder.
        """
        with self._opened(path, _PLAIN, absent) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read()

    def copy_file(self, path: str, into: Path) -> None:
        """Copy a file, with whether it is a program.

        Raises:
            ConfigurationError: as `read`.
        """
        with self._opened(path, _PLAIN) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
            with into.open("xb") as copy:
                shutil.copyfileobj(file, copy)
            into.chmod(_PROGRAM_MODE if os.fstat(descriptor).st_mode & 0o100 else _FILE_MODE)

    def copy_folder(self, path: str, into: Path) -> None:
        """Copy a folder with all that is in it.

        Raises:
            ConfigurationError: it is no folder, not in this one, or something in it is neither file nor folder.
        """
        into.mkdir()
        with self._opened(path, _FOLDER) as descriptor:
            for name in os.listdir(descriptor):  # noqa: PTH208  # pathlib has none for an open folder.
                kind = os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
                copy = self.copy_folder if stat.S_ISDIR(kind) else self.copy_file
                copy(f"{path}/{name}", into / name)

    @contextmanager
    def _opened(self, path: str, flags: int, absent: str = "") -> Iterator[int]:
        *folders, last = *self.parts, *self._checked(path)
        try:
            descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
            for name, how in (*((folder, _FOLDER) for folder in folders), (last, flags)):
                descriptor = _next(descriptor, name, how)
        except FileNotFoundError as error:
            raise ConfigurationError(self.file, absent or self._problem(path, "is not there")) from error
        except OSError as error:
            raise self._refused(path, f"cannot be opened as it is, or is a symbolic link ({error.strerror})") from error
        try:
            if flags == _PLAIN and not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self._refused(path, "is no regular file")
            yield descriptor
        finally:
            os.close(descriptor)

    def _checked(self, path: str) -> tuple[str, ...]:
        """The components of a path."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\0" in path:
            raise self._refused(path, "is no path within the folder that the app was told to write to")
        return parts

    def _refused(self, path: str, what: str) -> ConfigurationError:
        return ConfigurationError(
            self.file,
            f"{self._problem(path, what)}. Let the app copy its files there, as the CDK does by itself: neither set "
            "outdir nor refer to files by links.",
        )

    def _problem(self, path: str, what: str) -> str:
        return f"{path!r} in what the app of {self.unit} wrote {what}"


def _next(folder: int, name: str, flags: int) -> int:
    """Open what is in an open folder, and close that one."""
    try:
        return os.open(name, flags, dir_fd=folder)
    finally:
        os.close(folder)
