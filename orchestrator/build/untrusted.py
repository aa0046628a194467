"""Files that a unit's own programs have written, read by a process that may read more than those programs may.

A path out of such a file, or a symbolic link in its place, could name anything that the build's user may read. So each
path is walked a component at a time from a folder that those programs cannot replace, no link is followed, and what is
kept is copied, up to a limit, out of their reach.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import field, replace
from pathlib import Path, PurePosixPath

from orchestrator.build.bounds import MOST_MEMBERS, is_plain
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What it is is looked at when it is open.
_ANY = _PLAIN | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE, _PROGRAM_MODE = 0o644, 0o755
_CHUNK = 1024 * 1024
_LARGEST_READ = 64 * 1024 * 1024
# Every level costs an open file, and an archive of such paths helps nobody.
_DEEPEST = 100


@dataclass
class Budget:
    """How much may still be copied.

    Attributes:
        size: bytes.
        files: how many, folders among them.
    """

    size: int
    files: int = MOST_MEMBERS


@dataclass(frozen=True)
class UntrustedFolder:
    """A folder that is read without trust.

    Attributes:
        root: where paths are walked from; what has written the folder cannot put anything in its place.
        parts: the folder, from there.
        writer: whose programs have written it, for messages, such as `the app of orders`.
        file: what they were told by, for messages.
        advice: what to do when something in it is refused.
        follows: whether a link to something in the folder is copied as what it leads to.
    """

    root: Path
    parts: tuple[str, ...]
    writer: str
    file: str
    advice: str = field(compare=False)
    follows: bool = False

    def below(self, path: str) -> "UntrustedFolder":
        """A folder in this one.

        Raises:
            ConfigurationError: the path leads out of this one.
        """
        return replace(self, parts=(*self.parts, *self._checked(path)))

    def names(self) -> list[str]:
        """What lies in it, sorted.

        Raises:
            ConfigurationError: it is no folder.
        """
        with self._opened("", _FOLDER) as descriptor:
            return sorted(os.listdir(descriptor))  # noqa: PTH208  # pathlib has none for an open folder.

    def read(self, path: str, absent: str = "") -> bytes:
        """Read a file.

        Args:
            path: in this folder.
            absent: what to say when it is not there.

        Raises:
            ConfigurationError: it is not there, no file, too large, or not in this folder.
        """
        with self._opened(path, _PLAIN, absent) as descriptor:
            return b"".join(self._chunks(descriptor, path, Budget(_LARGEST_READ)))

    def write(self, path: str, content: bytes) -> None:
        """Put a file in the place of whatever has that name.

        Raises:
            ConfigurationError: a folder has it, or the path is not in this folder.
        """
        *_, name = self._checked(path)
        with self._opened(str(PurePosixPath(path).parent), _FOLDER) as folder:
            beside = f".{secrets.token_hex(8)}"
            try:
                with os.fdopen(os.open(beside, _NEW, _FILE_MODE, dir_fd=folder), "wb") as file:
                    file.write(content)
                os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError as error:
                with suppress(FileNotFoundError):
                    os.unlink(beside, dir_fd=folder)
                raise self._refused(path, f"cannot be written ({error.strerror})") from error

    def is_folder(self, path: str) -> bool:
        """Whether something in it is a folder.

        Raises:
            ConfigurationError: it is not there, is neither file nor folder, or not in this folder.
        """
        with self._opened(path, _ANY) as descriptor:
            return stat.S_ISDIR(os.fstat(descriptor).st_mode)

    def copy_file(self, path: str, into: Path, budget: Budget) -> None:
        """Copy a file, with whether it is a program.

        Raises:
            ConfigurationError: as `read`.
        """
        with self._opened(path, _PLAIN) as descriptor:
            self._copy(descriptor, path, into, budget)

    def copy_folder(self, path: str, into: Path, budget: Budget) -> None:
        """Copy a folder with all that is in it.

        Raises:
            ConfigurationError: it is no folder, not in this one, too much or too deep, or something in it is neither
                file nor folder.
        """
        with self._opened(path, _FOLDER) as descriptor:
            self._copy_all(descriptor, path, into, budget)

    def _copy_all(self, folder: int, path: str, into: Path, budget: Budget) -> None:
        if path.count("/") > _DEEPEST:
            raise self._refused(path, f"lies more than {_DEEPEST} folders deep")
        self._made(into.mkdir, path)
        for name in sorted(os.listdir(folder)):  # As above.
            below = f"{path}/{name}"
            budget.files -= 1
            if budget.files < 0:
                raise self._refused(path, f"is one of more than {MOST_MEMBERS:,} files")
            if not is_plain(name):
                raise self._refused(below, "has a name that no archive should hold")
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode) and self.follows:
                self._copy_target(os.readlink(name, dir_fd=folder), below, into / name, budget)
                continue
            with self._entered(folder, name, _FOLDER if stat.S_ISDIR(mode) else _PLAIN, below) as descriptor:
                (self._copy_all if stat.S_ISDIR(mode) else self._copy)(descriptor, below, into / name, budget)

    def _copy_target(self, target: str, path: str, into: Path, budget: Budget) -> None:
        """Copy what a link leads to, by a path without links, each of its components walked as always."""
        parts = list(PurePosixPath(path).parent.parts)
        for part in PurePosixPath(target).parts:
            if part == ".." and parts:
                parts.pop()
            elif part in ("..", "/"):
                raise self._refused(path, "is a symbolic link that leads out of the folder")
            else:
                parts.append(part)
        if tuple(parts) == PurePosixPath(path).parts[: len(parts)]:
            raise self._refused(path, "is a symbolic link to itself, or to a folder that it lies in")
        wanted = "/".join(parts)
        with self._opened(wanted, _ANY) as descriptor:
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            (self._copy_all if is_folder else self._copy)(descriptor, wanted, into, budget)

    def _copy(self, descriptor: int, path: str, into: Path, budget: Budget) -> None:
        def write() -> None:
            with into.open("xb") as copy:
                copy.writelines(self._chunks(descriptor, path, budget))
            into.chmod(_PROGRAM_MODE if os.fstat(descriptor).st_mode & 0o100 else _FILE_MODE)

        self._made(write, path)

    def _made(self, make: Callable[[], object], path: str) -> None:
        """Make something out of reach of what has written the folder; its name alone may be what is wrong."""
        try:
            make()
        except OSError as error:
            raise self._refused(path, f"cannot be copied ({error.strerror})") from error

    def _chunks(self, descriptor: int, path: str, budget: Budget) -> Iterator[bytes]:
        """What an open file holds, which is not believed to be as long as it says."""
        while chunk := os.read(descriptor, _CHUNK):
            budget.size -= len(chunk)
            if budget.size < 0:
                raise self._refused(path, "is too large, alone or with what was copied before it")
            yield chunk

    @contextmanager
    def _opened(self, path: str, flags: int, absent: str = "") -> Iterator[int]:
        parts = (*self.parts, *(self._checked(path) if path not in ("", ".") else ()))
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for number, name in enumerate(parts, 1):
                descriptor = _next(descriptor, name, flags if number == len(parts) else _FOLDER)
        except FileNotFoundError as error:
            raise ConfigurationError(self.file, absent or self._problem(path, "is not there")) from error
        except (OSError, UnicodeEncodeError) as error:
            raise self._not_opened(path, error) from error
        with self._checked_kind(descriptor, flags, path):
            yield descriptor

    @contextmanager
    def _entered(self, folder: int, name: str, flags: int, path: str) -> Iterator[int]:
        try:
            descriptor = os.open(name, flags, dir_fd=folder)
        except OSError as error:
            raise self._not_opened(path, error) from error
        with self._checked_kind(descriptor, flags, path):
            yield descriptor

    @contextmanager
    def _checked_kind(self, descriptor: int, flags: int, path: str) -> Iterator[None]:
        """Check what was opened, and close it in the end."""
        try:
            mode = os.fstat(descriptor).st_mode
            if flags != _FOLDER and not (stat.S_ISREG(mode) or (flags == _ANY and stat.S_ISDIR(mode))):
                raise self._refused(path, "is no regular file")
            yield
        finally:
            os.close(descriptor)

    def _checked(self, path: str) -> tuple[str, ...]:
        """The components of a path."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\0" in path:
            raise self._refused(path, "is no path within the folder that was to be written to")
        return parts

    def _not_opened(self, path: str, error: OSError | UnicodeEncodeError) -> ConfigurationError:
        said = getattr(error, "strerror", error)
        return self._refused(path, f"cannot be opened as it is, or is a symbolic link ({said})")

    def _refused(self, path: str, what: str) -> ConfigurationError:
        return ConfigurationError(self.file, f"{self._problem(path, what)}. {self.advice}")

    def _problem(self, path: str, what: str) -> str:
        return f"{_shortened(path)} in what {self.writer} wrote {what}"


def _shortened(path: str) -> str:
    """A path as messages name it: in quotes, without what a terminal would obey, and not without end."""
    most = 200
    return repr(path if len(path) <= most else f"{path[:most]}...")


def _next(folder: int, name: str, flags: int) -> int:
    """Open what is in an open folder, and close that one."""
    try:
        return os.open(name, flags, dir_fd=folder)
    finally:
        os.close(folder)
