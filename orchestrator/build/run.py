"""The one place that runs other programs: no shell, confined, within limits, what they print kept in the log."""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from orchestrator.build.confined.confinement import Confinement, was_refused
from orchestrator.build.output import BoundedOutput
from orchestrator.build.watch import STOPPED, Watch, ended, started
from orchestrator.confine.launch import HERE
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from orchestrator.build.network.gateway import Gateway

_CORES = os.cpu_count() or 1
_TAIL_LINES = 20
_LONGEST_LINE = 1_000


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code (None: it ran out of time), and all that it printed."""

    code: int | None
    output: str

    @property
    def tail(self) -> str:
        """The last lines of the output."""
        return "\n".join(line[:_LONGEST_LINE] for line in self.output.rstrip().splitlines()[-_TAIL_LINES:])


class Commands:
    """Runs the commands of one build.

    Args:
        unit: the unit's name, for errors.
        log: the file that everything is appended to.
        environment: what the commands see, nothing else but folders of their own; see `clean_environment`.
        timeout_seconds: how long all commands may take together, from now on.
        confinement: where they may write, and how much they may use.
    """

    def __init__(
        self,
        unit: str,
        log: Path,
        environment: Mapping[str, str],
        timeout_seconds: float,
        confinement: Confinement,
    ) -> None:
        self.unit = unit
        self._log = log
        self._environment = dict(environment)
        self._timeout = timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds
        self._confinement = confinement
        self._stop = Event()

    def stopped_by(self, stop: Event) -> "Commands":
        """Let them end when an event is set; returns these."""
        self._stop = stop
        return self

    def writing_to(self, folders: Sequence[Path]) -> "Commands":
        """The same, for a program that runs nobody else's code and may write to some more folders."""
        other = copy(self)
        other._confinement = replace(self._confinement, more=tuple(folders))  # noqa: SLF001  # It is one of these.
        return other

    def reading(self, folders: Sequence[Path]) -> "Commands":
        """The same, for a program that may read some more folders."""
        other = copy(self)
        other._confinement = replace(self._confinement, readable=tuple(folders))  # noqa: SLF001  # As above.
        return other

    def closed(self) -> "Commands":
        """The same, with no host opened to what they run."""
        other = copy(self)
        other._confinement = replace(self._confinement, hosts=())  # noqa: SLF001  # As above.
        return other

    def limit(self, timeout_seconds: float) -> None:
        """Change how long all commands may take together, from the beginning; what runs is held to it, too."""
        self._deadline += timeout_seconds - self._timeout
        self._timeout = timeout_seconds

    def give(self, path: Path) -> Path:
        """Give a file or folder that is new to the user that they run as; returns it."""
        return self._confinement.give(path)

    def give_all(self, folder: Path) -> Path:
        """Give a folder with all that is in it to the user that they run as, who may not write there yet."""
        return self._confinement.give_all(folder)

    @property
    def cache(self) -> Path:
        """Uv's cache, which may be deleted at any time."""
        return self._confinement.made_cache()

    @property
    def search_path(self) -> str:
        """Where programs are looked for."""
        return self.seen("PATH") or os.defpath

    def seen(self, variable: str) -> str | None:
        """A variable of the worker's that the commands see, None when it is not set."""
        return self._environment.get(variable)

    def note(self, text: str) -> None:
        """Write a line of our own into the log."""
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")

    def attempt(
        self,
        step: str,
        command: Sequence[str | Path],
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        *,
        reaps: bool = False,
    ) -> Outcome:
        """Run a command and say how it ended; takes and raises what `start` and its answer do."""
        return self.start(step, command, cwd, variables, reaps=reaps)()

    def start(  # noqa: PLR0913  # That much makes up a process.
        self,
        step: str,
        command: Sequence[str | Path],
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        *,
        stdin: int = subprocess.DEVNULL,
        reaps: bool = False,
    ) -> Callable[[], Outcome]:
        """Start a command.

        Args:
            step: what is being done, for the log and for errors.
            command: the program and its arguments. It may read those that are a `Path`, besides what all may read;
                the program, too, is a `Path` where it lies in a place of the worker's own. `HERE` runs a script.
            cwd: where it runs.
            variables: added to what it sees; they may be the unit's.
            stdin: a file that it reads from; what it prints is not read before the answer is called.
            reaps: whether what programs leave behind that it has started is ended when it waits for nothing else.

        Returns:
            What watches over it until it has ended, and says how; it must be called, and raises a `BuildError` when
            the command used more than a build may.

        Raises:
            BuildError: the program is not there, or cannot be started, or all builds are to end.
        """
        if self._stop.is_set():
            raise BuildError(self.unit, step, STOPPED)
        self.note(f"\n== {step}\n$ {shlex.join(map(str, command))}")
        left = self._deadline - time.monotonic()
        if left <= 0:
            return partial(Outcome, None, "")
        with self._startable(step):
            seen = self._confinement.variables(self._environment)
            program = self._program(step, command[0], cwd)
            gateway = self._gateway()
            channels = (gateway.channel,) if gateway else ()
            whole = [program, *command[1:]]
            confined = self._confinement.command(whole, seen, left * _CORES, variables or {}, *channels)
            process = started(confined, cwd, seen, stdin, channels)
            if gateway:
                gateway.begin()
            return partial(self._watched, step, process, gateway, reaps=reaps)

    def _gateway(self) -> "Gateway | None":
        """The way of one command to the hosts that are opened to it, where any are."""
        if not self._confinement.hosts:
            return None
        # It takes long to import, and few units need it.
        from orchestrator.build.network.gateway import Gateway  # noqa: PLC0415

        return Gateway(self._confinement.hosts, self._confinement.reach)

    def _watched(
        self, step: str, process: "subprocess.Popen[bytes]", gateway: "Gateway | None", *, reaps: bool
    ) -> Outcome:
        limits = self._confinement.limits
        with self._startable(step), ended(process), self._log.open("ab") as log:
            output = BoundedOutput(log, limits.log_bytes)
            watch = Watch(output, self._confinement, lambda: self._deadline, self._stop, reaps=reaps)
            code = watch.run(process)
            if gateway:
                output.feed("".join(f"\n{line}" for line in gateway.end()).encode())
            outcome = Outcome(code, output.finish())
        if watch.excess:
            raise BuildError(self.unit, step, watch.excess, outcome.tail)
        return outcome

    @contextmanager
    def _startable(self, step: str) -> Iterator[None]:
        """Say what may be why the system refuses to run a command."""
        try:
            yield
        except OSError as error:
            raise BuildError(
                self.unit,
                step,
                f"it could not be run: {error.strerror}. Either the build removed a folder that it works in, or "
                "arguments and variables are longer than the system takes, or the disk is full.",
            ) from error

    def _program(self, step: str, name: str | Path, cwd: Path) -> str | Path:
        """A program: one that is named without a folder is looked up where the worker has its programs."""
        if isinstance(name, Path) or name == HERE:
            return name
        if os.sep in name:
            return str(cwd / name)
        found = shutil.which(name, path=self.search_path)
        if found is None:
            raise BuildError(self.unit, step, f"the program {name!r} was not found: install it on the build worker.")
        return Path(found)

    def run(
        self,
        step: str,
        command: Sequence[str | Path],
        cwd: Path,
        reason: str,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Run a command that must succeed, and return what it printed.

        Raises:
            BuildError: it did not; `reason` is what its text says.
        """
        outcome = self.attempt(step, command, cwd, variables)
        self.require(step, outcome, reason)
        return outcome.output

    def require(self, step: str, outcome: Outcome, reason: str) -> None:
        """Raise a `BuildError` unless a command succeeded; it tells what is allowed where something was refused."""
        if outcome.code is None:
            raise BuildError(
                self.unit,
                step,
                f"the build took longer than {self._timeout:g} seconds. Find out in the log what it waited for, or "
                "raise build.timeout_minutes in orchestrator.toml.",
                outcome.tail,
            )
        if outcome.code:
            hint = f" {self._confinement.allowed}" if was_refused(outcome.output) else ""
            raise BuildError(self.unit, step, f"{reason}{hint}", outcome.tail)
