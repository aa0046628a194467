"""Lets a command start before what it works on is there: it waits at a pipe, its standard input."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self


class Gate:
    """A gate in front of one piece of work. Whoever waits is told of the work when it opens, or nothing when it shuts.

    As a context, it is shut in the end, so that nobody waits for ever.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[int] = []
        self._told: bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._settle(b"")

    def open(self, folder: Path) -> None:
        """Tell all who wait, and all who come later, which folder to work on."""
        self._settle(os.fsencode(folder))

    @contextmanager
    def entrance(self) -> Iterator[int]:
        """The end of a pipe to wait at: what is told comes out of it."""
        entrance, behind = os.pipe()
        with self._lock:
            if self._told is None:
                self._waiting.append(behind)
            else:
                _tell(behind, self._told)
        try:
            yield entrance
        finally:
            os.close(entrance)

    def _settle(self, told: bytes) -> None:
        with self._lock:
            if self._told is None:
                self._told = told
                for behind in self._waiting:
                    _tell(behind, told)


def _tell(behind: int, told: bytes) -> None:
    try:
        # Whoever has waited may have ended meanwhile.
        with suppress(BrokenPipeError):
            os.write(behind, told)
    finally:
        os.close(behind)
