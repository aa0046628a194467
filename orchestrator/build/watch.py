"""Watches over a command while it runs: its time, what it prints, and how much it and all it started use."""

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.output import BoundedOutput
from orchestrator.confine.processes import command_line, descendants, kill, orphans

_LOOK_SECONDS = 0.2
_CHUNK = 64 * 1024
# How long the launcher may take to end all that a command has started.
_SWEEP_SECONDS = 10
_LONGEST_NAME = 200
STOPPED = "it was stopped, as was asked for. Build again: what is published already is taken over."


def started(
    command: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    inherited: Collection[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a command that is to be watched.

    Args:
        command: of `orchestrator.confine`.
        cwd: where it runs.
        environment: all that it sees.
        stdin: what it reads.
        inherited: descriptors that its launcher gets besides.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(
        list(command),
        cwd=cwd,
        env=dict(environment),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=inherited,
        # Its own session: an interrupt on the terminal is the worker's to deal with.
        start_new_session=True,
    )


class Watch:
    """Watches one command and ends it when it goes too far.

    Args:
        output: keeps what it prints.
        confinement: how far it may go, and the folder whose disk it works on, which it cannot remove.
        deadline: tells when it must have ended, on the monotonic clock; that may change meanwhile.
        stop: is set when all builds of this process are to end.
        reaps: whether what its programs leave behind is ended when it waits for nothing else.
    """

    def __init__(
        self,
        output: BoundedOutput,
        confinement: Confinement,
        deadline: Callable[[], float],
        stop: Event,
        *,
        reaps: bool,
    ) -> None:
        self._output = output
        self._limits = confinement.limits
        self._deadline = deadline
        self._disk = confinement.scratch
        self._stop = stop
        self._reaps = reaps
        self._waiting_since: float | None = None
        self.excess = ""
        """What it used too much of, in a sentence; empty when it kept within its limits."""

    def run(self, process: "subprocess.Popen[bytes]") -> int | None:
        """Watch it to its end; returns its exit code, None when it has gone too far and still runs."""
        if not all(self._goes_on(process.pid) for _ in self._looks(process)):
            return None
        return process.wait(_SWEEP_SECONDS)

    def _looks(self, process: "subprocess.Popen[bytes]") -> Iterator[None]:
        """Read what it prints until it has ended; yields now and then."""
        assert process.stdout is not None  # noqa: S101  # It was asked for.
        descriptor = process.stdout.fileno()
        os.set_blocking(descriptor, False)
        next_look = time.monotonic() + _LOOK_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if selector.select(max(0, next_look - time.monotonic())):
                    chunk = os.read(descriptor, _CHUNK)
                    if not chunk:
                        return
                    self._output.feed(chunk)
                if time.monotonic() >= next_look:
                    yield
                    next_look = time.monotonic() + _LOOK_SECONDS

    def _goes_on(self, process: int) -> bool:
        """Whether it may go on."""
        if self._reaps:
            self._reap(process)
        self.excess = next(self._excesses(process), "")
        return not self.excess and time.monotonic() < self._deadline()

    def _reap(self, process: int) -> None:
        """End what was left behind by programs that have ended: while it keeps the output open, they are waited for."""
        left = orphans(process)
        if not left:
            self._waiting_since = None
            return
        self._waiting_since = self._waiting_since or time.monotonic()
        if time.monotonic() - self._waiting_since >= self._limits.orphan_seconds:
            names = ", ".join(command_line(one.id)[:_LONGEST_NAME] or "a process" for one in left)
            kill(left)
            self._output.feed(f"\n[left behind by a program that had ended, and ended now: {names}]\n".encode())

    def _excesses(self, process: int) -> Iterator[str]:
        limits, started = self._limits, descendants(process)
        if self._stop.is_set():
            yield STOPPED
        if self._output.size > limits.output_bytes:
            yield (
                f"it printed more than {_mib(limits.output_bytes)}; the log keeps the beginning and the end. Let the "
                "build backend print less."
            )
        if len(started) > limits.processes:
            yield f"it ran more than {limits.processes} processes at the same time. Let the build backend start fewer."
        if sum(one.memory_bytes for one in started) > limits.memory_bytes:
            yield f"it used more than {_mib(limits.memory_bytes)} of memory. Let the build backend need less."
        if shutil.disk_usage(self._disk).free < limits.free_bytes:
            yield (
                f"less than {_mib(limits.free_bytes)} were left free on the disk that it works on. Let the build write "
                "less, or give the build machine a larger disk."
            )


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End a command with all that it has started, whatever happens meanwhile.

    The launcher ends everything below it when it is asked to; only if it does not answer is it killed itself.
    """
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                process.wait(_SWEEP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _mib(count: int) -> str:
    return f"{count // 1024**2} MiB"
