"""A folder for one build, which goes with whatever the build has made of it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A new folder that only this user may read; in the end it is removed, as far as that can be done."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        with suppress(OSError):
            remove(folder)


def copy_tree(tree: Path, into: Path) -> Path:
    """Copy exported sources into a folder that programs of the unit may write to; returns the copy."""
    return Path(shutil.copytree(tree, Path(tempfile.mkdtemp(prefix="sources-", dir=into), "tree"), symlinks=True))


def remove(folder: Path) -> None:
    """Remove a folder, however deep it is and whatever its modes are.

    A folder tree may be deeper than paths can be long and than files can be open at once, which `shutil.rmtree` fails
    at. So what lies below is moved up, until every folder lies directly in this one.

    Raises:
        OSError: something cannot be removed.
    """
    numbers, waiting = count(), [folder]
    for parent in waiting:
        parent.chmod(0o700)
        with os.scandir(parent) as entries:
            for entry in list(entries):
                if not entry.is_dir(follow_symlinks=False):
                    Path(entry.path).unlink()
                elif parent == folder:
                    waiting.append(Path(entry.path))
                else:
                    Path(entry.path).chmod(0o700)
                    moved = _free(folder, numbers)
                    Path(entry.path).rename(moved)
                    waiting.append(moved)
    for emptied in reversed(waiting):
        emptied.rmdir()


def _free(folder: Path, numbers: Iterator[int]) -> Path:
    """A name that nothing in the folder has."""
    return next(path for number in numbers if not (path := folder / f"{number}").exists())
