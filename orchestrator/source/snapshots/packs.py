"""Which files are kept together: those of a folder, as long as they are few enough to be read for one of them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import field

from orchestrator.frozen import dataclass

LARGEST_FILE = 512 * 1024**2
"""Bytes of the largest file that is published. Larger ones are left out; whoever asks for one is told."""

PACK_BYTES = 4 * 1024**2
"""Bytes that files kept together have; only a single file may have more."""

_PACK_FILES = 1_000


@dataclass(frozen=True)
class File:
    """A file at a commit: its path from the root, the id of its content, and its size in bytes."""

    path: str
    id: str
    size: int


@dataclass(frozen=True)
class Pack:
    """Files that are kept together.

    Attributes:
        blobs: the ids of their contents, each once, in order.
        paths: the folders whose files, all of them, these are, and single files.
    """

    blobs: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The SHA-256 of the ids: the same files make the same pack, in whichever folder and commit."""
        return hashlib.sha256("\n".join(self.blobs).encode()).hexdigest()


def plan_packs(files: Iterable[File]) -> Iterator[Pack]:
    """Put files into packs: whole folders where they are small enough, else their folders and their files apart.

    What comes out follows from the files alone.
    """
    yield from _packs(_arrange(files))


@dataclass
class _Folder:
    path: str
    files: list[File] = field(default_factory=list)
    folders: dict[str, "_Folder"] = field(default_factory=dict)
    size: int = 0
    count: int = 0

    def add(self, file: File) -> None:
        """Count a file."""
        self.size += file.size
        self.count += 1

    def below(self, name: str) -> "_Folder":
        """A folder in it."""
        return self.folders.setdefault(name, _Folder(f"{self.path}/{name}" if self.path else name))

    def everything(self) -> Iterator[File]:
        """All files in it and below."""
        yield from self.files
        for folder in self.folders.values():
            yield from folder.everything()


def _arrange(files: Iterable[File]) -> _Folder:
    root = _Folder("")
    for file in files:
        folder = root
        folder.add(file)
        for name in file.path.split("/")[:-1]:
            folder = folder.below(name)
            folder.add(file)
        folder.files.append(file)
    return root


def _packs(folder: _Folder) -> Iterator[Pack]:
    if folder.size <= PACK_BYTES and folder.count <= _PACK_FILES:
        if folder.count:
            yield _pack(folder.everything(), (folder.path,))
        return
    for together in _slices(sorted(folder.files, key=lambda file: file.path)):
        yield _pack(together, tuple(file.path for file in together))
    for name in sorted(folder.folders):
        yield from _packs(folder.folders[name])


def _slices(files: list[File]) -> Iterator[list[File]]:
    together: list[File] = []
    size = 0
    for file in files:
        if together and (size + file.size > PACK_BYTES or len(together) >= _PACK_FILES):
            yield together
            together, size = [], 0
        together.append(file)
        size += file.size
    if together:
        yield together


def _pack(files: Iterable[File], paths: tuple[str, ...]) -> Pack:
    return Pack(tuple(sorted({file.id for file in files})), paths)
