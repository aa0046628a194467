"""A process with all that it has started, as `/proc` shows them; nothing where there is none."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

_SWEEPS = 200
_ENDED = (b"Z", b"X")


# No dataclass, for these are slow to import.
class Process(NamedTuple):
    """A process: its id, its parent's, the memory that it holds, in bytes, when it was started, and whether it runs."""

    id: int
    parent: int
    memory_bytes: int
    started: int
    runs: bool


def descendants(root: int) -> list[Process]:
    """All that a process has started, and what those have started in turn."""
    return _below([root], _children())


def orphans(launcher: int) -> list[Process]:
    """What programs have left behind that a launched command had started, while it runs none itself; and all below.

    Args:
        launcher: of the command, which must be another program than the launcher's own.
    """
    children, own = _children(), command_line(launcher)
    root, command = launcher, launcher
    # What the launcher forks, to adopt what is left behind, has its command line; the first of its children is older.
    while command_line(command) == own:
        root, below = command, children.get(command)
        if not below:
            return []
        command = min(below, key=lambda process: (process.started, process.id)).id
    # One that has ended, and that nobody has taken note of, is there still.
    if any(process.runs for process in children.get(command, [])):
        return []
    left = [process for process in children[root] if process.id != command and process.runs]
    return left + _below([process.id for process in left], children)


def command_line(process: int) -> str:
    """How a process was called; empty when it has ended."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:  # noqa: PTH123  # pathlib is slow to import.
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def kill(processes: list[Process]) -> None:
    """End some processes; those that have ended already are as good."""
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process.id, signal.SIGKILL)


def _children() -> dict[int, list[Process]]:
    children: dict[int, list[Process]] = {}
    for process in _all():
        children.setdefault(process.parent, []).append(process)
    return children


def _below(roots: list[int], children: dict[int, list[Process]]) -> list[Process]:
    found: list[Process] = []
    waiting = list(roots)
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
                runs = fields[0] not in _ENDED
                yield Process(int(name), int(fields[1]), int(fields[21]) * page, int(fields[19]), runs)
