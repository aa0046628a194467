"""Keeps a build machine's cache within a size and an age: what was not used for longest goes first.

Any number of builds may use the cache meanwhile: they bear that any of it vanishes, and what one of them may be using
right now is left alone.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from orchestrator.build.scratch import remove
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass

SIZE_VARIABLE = "ORCHESTRATOR_CACHE_GIB"
_GIB = 1024**3
_HOUR = 3600
_DAY = 24 * _HOUR
_STAMP = ".tidied"
_HIDDEN = "."


@dataclass(frozen=True)
class Allowance:
    """How much may be kept.

    Attributes:
        size: bytes on the disk, all in all.
        age: seconds since something was used last.
        interval: seconds between one look and the next: to look at everything takes a while.
        in_use: seconds for which something that was used may still be in use.
    """

    size: int = 10 * _GIB
    age: int = 30 * _DAY
    interval: int = _DAY
    in_use: int = _HOUR

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Allowance":
        """The size that a variable names, in GiB.

        Raises:
            RequestError: it is not a number.
        """
        text = environment.get(SIZE_VARIABLE)
        if text is None:
            return cls()
        if not text.isdecimal():
            raise RequestError(f"{SIZE_VARIABLE} = {text!r} is not valid: it is a whole number of GiB, such as 10.")
        return cls(size=int(text) * _GIB)


@dataclass(frozen=True)
class _Entry:
    path: Path
    used: float
    size: int


def tidy(cache: Path, allowance: Allowance, now: float | None = None) -> None:
    """Remove what is too old and, least recently used first, what is too much; unless that was looked at before.

    Args:
        cache: its folder, with a folder for each kind and in there one for each key.
        allowance: how much may stay.
        now: seconds since the epoch; the clock's when it is left out.
    """
    now = time.time() if now is None else now
    stamp = cache / _STAMP
    with suppress(OSError):
        if stamp.exists() and now - stamp.stat().st_mtime < allowance.interval:
            return
        stamp.touch()
        os.utime(stamp, (now, now))
        left = allowance.size
        for entry in sorted(_entries(cache), key=lambda entry: entry.used, reverse=True):
            left -= entry.size
            age = now - entry.used
            if age > allowance.in_use and (left < 0 or age > allowance.age or entry.path.name.startswith(_HIDDEN)):
                left += entry.size
                take_away(entry.path)


def _entries(cache: Path) -> Iterator[_Entry]:
    for path in cache.glob("*/*"):
        with suppress(OSError):
            yield _Entry(path, path.lstat().st_mtime, _size(path))


def _size(path: Path) -> int:
    """Bytes on the disk; of what cannot be looked into, those that can be seen."""
    size, waiting = path.lstat().st_blocks * 512, [path] if path.is_dir() else []
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
    return size


def take_away(path: Path) -> None:
    """Take something away at a stroke, so that nobody finds a half of it, and then remove it."""
    with suppress(OSError):
        gone = Path(mkdtemp(prefix=_HIDDEN, dir=path.parent))
        path.rename(gone / "entry")
        remove(gone)
