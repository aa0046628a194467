"""Files that others may read, write and delete at the same moment: each is there as a whole, or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

_MODE = 0o644
_CHUNK = 1024 * 1024


def write_once(path: Path, content: bytes | Path) -> bool:
    """Write a file unless there is one of that name; whoever comes first wins.

    Args:
        path: the file; folders on the way are made.
        content: the bytes, or a file to copy.

    Returns:
        Whether it was written.
    """
    with _beside(path, content) as whole:
        try:
            # Unlike a rename, a link is refused when the name is taken.
            path.hardlink_to(whole)
        except FileExistsError:
            return False
    return True


def replace(path: Path, content: bytes | Path) -> None:
    """Write a file, over the one that is there."""
    with _beside(path, content) as whole:
        whole.replace(path)


@contextmanager
def watched(folders: Sequence[Path]) -> Iterator[Callable[[], bool]]:
    """Tells whether all of some folders have been there all the time: another one of the name does not count."""
    with ExitStack() as stack:
        descriptors: list[int] = []
        try:
            for folder in folders:
                descriptors.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
                stack.callback(os.close, descriptors[-1])
        except OSError:
            yield lambda: False
            return
        # As long as a folder is open, no other one can get its number.
        yield lambda: all(_is_still(*pair) for pair in zip(folders, descriptors, strict=True))


def _is_still(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except OSError:
        return False


@contextmanager
def _beside(path: Path, content: bytes | Path) -> Iterator[Path]:
    """A file with the content in the folder of `path`: only within a file system can a name be given at a stroke."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    whole = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _MODE)
            if isinstance(content, bytes):
                file.write(content)
            else:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, file, _CHUNK)
        yield whole
    finally:
        whole.unlink(missing_ok=True)
