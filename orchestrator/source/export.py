"""Writes folders of a repository to disk, the same from every host. The repository is hostile; nothing leads out.

No host's archive is unpacked: those differ in what they make of `.gitattributes`, of links and of times, and then a
build would depend on where its sources were read. What is written is exactly what git keeps.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.repository import Commit, Entry, Mode, SourceRepository

LARGEST_EXPORT = 2 * 1024**3
"""Bytes that an export may take, all in all: no unit needs as much, and a machine's disk is shared."""

_MOST_FILES = 100_000
_FILES_AT_ONCE = 1_000
# What Linux takes of a name, and of a path that lies below a folder of its own.
_LONGEST_NAME, _LONGEST_PATH = 255, 2_048
_NO_NAMES = ("", ".", "..", ".git")
_MODES = {Mode.FILE: 0o644, Mode.PROGRAM: 0o755}


def export(repository: SourceRepository, commit: str, paths: Iterable[str], into: Path) -> None:
    """Write folders and files as they are at a commit below `into`, without any git metadata.

    Args:
        repository: where they are.
        commit: its full id; the time of everything written is that of the commit.
        paths: from the repository's root.
        into: a folder that nothing else is in; it is made when it is not there.

    Raises:
        SourceError: one of them is not there, is a submodule or contains one, holds a link or a name that leads out of
            the repository, or takes more than 2 GiB.
    """
    found = repository.commit(commit)
    _Export(repository, found, into.resolve()).write(tree(repository, commit, paths))


def tree(repository: SourceRepository, commit: str, paths: Iterable[str]) -> Mapping[str, Entry]:
    """Everything below some folders, by path, and those of the given paths that are files.

    Raises:
        SourceError: one of them is not there, or there is a name that nothing in a repository may have.
    """
    wanted = dict.fromkeys(paths)
    beside = repository.folders(commit, {_parent(path) for path in wanted if path})
    found = {path: _entry(beside, path) for path in wanted if path}
    missing = [path for path, entry in found.items() if entry is None]
    if missing:
        raise SourceError(f"{repository.url} at {commit[:12]} has no {', '.join(map(repr, missing))}.")
    entries = {path: entry for path, entry in found.items() if entry}
    level = [path for path in wanted if not path or entries[path].is_folder]
    while level:
        below = {
            f"{folder}/{name}".lstrip("/"): entry
            for folder, listed in repository.folders(commit, level).items()
            for name, entry in listed.items()
        }
        level = [path for path, entry in below.items() if entry.is_folder and path not in entries]
        entries |= below
    return entries


@dataclass(frozen=True)
class _Export:
    repository: SourceRepository
    commit: Commit
    into: Path

    def write(self, entries: Mapping[str, Entry]) -> None:
        """Write them: links come last, so that nothing is ever written through one."""
        self._check(entries)
        self.into.mkdir(parents=True, exist_ok=True)
        for path in sorted(entries):
            if entries[path].is_folder:
                (self.into / path).mkdir(parents=True, exist_ok=True)
        files = sorted(path for path, entry in entries.items() if not entry.is_folder)
        links, left = {}, LARGEST_EXPORT
        for first in range(0, len(files), _FILES_AT_ONCE):
            for path, content in self._read(files[first : first + _FILES_AT_ONCE]).items():
                left -= len(content)
                if left < 0:
                    raise self._refused(f"it takes more than {LARGEST_EXPORT:,} bytes")
                if entries[path].mode is Mode.LINK:
                    links[path] = content
                else:
                    self._write(path, content, _MODES[entries[path].mode])
        self._link(links)

    def _check(self, entries: Mapping[str, Entry]) -> None:
        if len(entries) > _MOST_FILES:
            raise self._refused(f"there are more than {_MOST_FILES:,} files")
        submodules = sorted(path for path, entry in entries.items() if entry.mode is Mode.SUBMODULE)
        if submodules:
            raise SourceError(
                f"{self._where} cannot be exported: {', '.join(submodules)} is a submodule, whose files are not in "
                "this repository. Bring them in, for example with git subtree, or depend on them as a package."
            )
        for path in entries:
            if any(part.lower() in _NO_NAMES for part in path.split("/")) or "\0" in path:
                raise self._refused(f"nothing may have the name {path!r}")
            if len(path) > _LONGEST_PATH or any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.split("/")):
                raise self._refused(f"{path[:_LONGEST_NAME]!r}... is too long, or lies too deep, to be written")

    def _read(self, paths: list[str]) -> Mapping[str, bytes]:
        contents = self.repository.files(self.commit.id, paths)
        missing = sorted(set(paths) - contents.keys())
        if missing:
            raise SourceError(f"{self._where} lists {missing[0]!r} but does not give its content. Try again.")
        return contents

    def _write(self, path: str, content: bytes, mode: int) -> None:
        file = self.into / path
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Two names that this machine's disk takes for one must not overwrite each other.
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        except OSError as error:
            raise self._refused(f"{path!r} cannot be written on this machine ({error.strerror})") from error
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            os.fchmod(descriptor, mode)
        self._date(file)

    def _link(self, links: Mapping[str, bytes]) -> None:
        for path, target in links.items():
            try:
                (self.into / path).parent.mkdir(parents=True, exist_ok=True)
                (self.into / path).symlink_to(os.fsdecode(target))
            except (OSError, ValueError) as error:
                raise self._refused(f"the link {path!r} cannot be made on this machine ({error})") from error
        # Where a link leads can depend on the others, so all are there by now.
        for path, target in links.items():
            link = self.into / path
            if target.startswith(b"/") or not Path(os.path.realpath(link)).is_relative_to(self.into):
                raise self._refused(f"the link {path!r} leads out of the repository")
            self._date(link)

    def _date(self, path: Path) -> None:
        time = self.commit.committed_at.timestamp()
        os.utime(path, (time, time), follow_symlinks=False)

    @property
    def _where(self) -> str:
        return f"{self.repository.url} at {self.commit.id[:12]}"

    def _refused(self, what: str) -> SourceError:
        return SourceError(f"{self._where} cannot be exported safely: {what}.")


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _entry(folders: Mapping[str, Mapping[str, Entry]], path: str) -> Entry | None:
    return folders.get(_parent(path), {}).get(path.rpartition("/")[2])
