"""What is made once for all workers of a test run."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Do something that no other worker does at the same time: whoever comes second finds it done.

    Args:
        folder: that all workers share.
        name: what is done.
    """
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(folder: Path, name: str, make: Callable[[Path], object]) -> Path:
    """A file that is made by whichever worker wants it first.

    Args:
        folder: that all workers share.
        name: of the file.
        make: writes it.
    """
    file = folder / name
    with alone(folder, name):
        if not file.exists():
            make(file)
    return file
