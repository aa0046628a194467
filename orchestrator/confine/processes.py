"""A process with all that it has started, as `/proc` shows them; nothing where there is none."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

_SWEEPS = 200


# No dataclass, for these are slow to import.
class Process(NamedTuple):
    """A process: its id, its parent's, and the memory that it holds, in bytes."""

    id: int
    parent: int
    memory_bytes: int


def descendants(root: int) -> list[Process]:
    """All that a process has started, and what those have started in turn."""
    children: dict[int, list[Process]] = {}
    for process in _all():
        children.setdefault(process.parent, []).append(process)
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [process.id for process in below]
    return found


def end_all(root: int) -> None:
    """End all that a process has started: stopped first, so that none can start another while they are counted."""
    for _ in range(_SWEEPS):
        found = descendants(root)
        if not found:
            return
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in found:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process.id, number)
        _reap()


def _reap() -> None:
    """Take note of children that have ended, so that they are gone."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _all() -> Iterator[Process]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208  # pathlib is slow to import.
    except FileNotFoundError:
        return
    page = os.sysconf("SC_PAGE_SIZE")
    for name in names:
        if name.isdigit():
            with suppress(OSError):
                # Fields of proc(5): the second is the program's name in brackets, which may hold anything.
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123  # pathlib is slow to import.
                    fields = file.read().rpartition(b")")[2].split()
                yield Process(int(name), int(fields[1]), int(fields[21]) * page)
