"""What a build machine keeps between builds. It may be deleted at any time, also while builds run."""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from orchestrator.build.cache_folder import used
from orchestrator.build.files import replace
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of, sha256_of_file


@dataclass(frozen=True)
class Cache:
    """Files by kind and key, shared by any number of builds at the same time.

    A file's name is the SHA-256 of its bytes: what was altered or cut short is found out when it is read, and is then
    as good as not there.

    Args:
        folder: need not exist.
    """

    folder: Path
    _locks: dict[tuple[str, str], Lock] = field(default_factory=lambda: defaultdict(Lock), repr=False, compare=False)

    @cached_property
    def unmerged(self) -> "Cache":
        """What builds of commits keep that are not on the branch: others must not read what those have led to."""
        return Cache(self.folder / "unmerged")

    def of_uv(self, unit: str) -> Path:
        """Uv's own cache for a unit: what a unit's build can write to must not be read by another's."""
        folder = self.folder / "uv" / unit
        used(folder)
        return folder

    def read(self, kind: str, key: str) -> bytes | None:
        """The content under a key; None when there is none."""
        for path in self._candidates(kind, key):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            if sha256_of(content) == path.name:
                return content
            path.unlink(missing_ok=True)
        return None

    def take(self, kind: str, key: str, into: Path, sha256: str | None = None) -> str | None:
        """Give the file under a key another name, which stays when the cache is deleted.

        Args:
            kind: of file.
            key: what it is kept under.
            into: the other name.
            sha256: which the file must have, where that is known.

        Returns:
            Its SHA-256; None when there is none.
        """
        # What is written there next must not be written into a file of the cache.
        into.unlink(missing_ok=True)
        for path in self._candidates(kind, key):
            if sha256 not in (None, path.name):
                continue
            try:
                _link_or_copy(path, into)
            except FileNotFoundError:
                continue
            if sha256_of_file(into) == path.name:
                return path.name
            into.unlink()
            path.unlink(missing_ok=True)
        return None

    def keep(self, kind: str, key: str, content: bytes | Path, sha256: str | None = None) -> None:
        """Keep a content, or a file that nobody writes to any more, under a key; its SHA-256 where it is known.

        Where that cannot be, because the cache is being deleted, it is made again when it is needed.
        """
        name = sha256 or (sha256_of_file(content) if isinstance(content, Path) else sha256_of(content))
        path = self.folder / kind / key / name
        with suppress(OSError):
            if isinstance(content, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
                with TemporaryDirectory(prefix=".", dir=path.parent) as scratch:
                    _link_or_copy(content, Path(scratch, name))
                    Path(scratch, name).replace(path)
            else:
                replace(path, content)

    def folder_of(self, kind: str, sha256: str, unpack: Callable[[Path], object]) -> Path:
        """The folder that an archive is unpacked into, once. Whoever uses it bears that files are added or vanish.

        Args:
            kind: of folder.
            sha256: of the archive.
            unpack: makes the folder that it is called with.
        """
        folder = self.folder / kind / sha256
        used(folder)
        # Another build may be first, and its folder is as good; or the cache is being deleted.
        with self.locked(kind, sha256), suppress(OSError):
            if not folder.is_dir():
                folder.parent.mkdir(parents=True, exist_ok=True)
                with TemporaryDirectory(prefix=".", dir=folder.parent) as scratch:
                    unpack(Path(scratch, "whole"))
                    _let_read(Path(scratch, "whole"))
                    Path(scratch, "whole").rename(folder)
        return folder

    def once(self, kind: str, key: str, make: Callable[[], bytes]) -> bytes:
        """The content under a key, made and kept when there is none; builds of this process wait for each other."""
        with self.locked(kind, key):
            content = self.read(kind, key)
            if content is None:
                content = make()
                self.keep(kind, key, content)
            return content

    def locked(self, kind: str, key: str) -> Lock:
        """What to hold while something that belongs under a key is made, so that this process makes it once."""
        return self._locks[kind, key]

    def _candidates(self, kind: str, key: str) -> list[Path]:
        used(self.folder / kind / key)
        try:
            return sorted(path for path in (self.folder / kind / key).iterdir() if not path.name.startswith("."))
        except (FileNotFoundError, NotADirectoryError):
            return []


def _let_read(folder: Path) -> None:
    """Let everybody read what is in a folder, whatever the umask is: a unit's code may be another user."""
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in names:
            path = Path(parent, name)
            path.chmod(path.stat().st_mode | 0o444)


def _link_or_copy(source: Path, into: Path) -> None:
    try:
        into.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(source, into)
