"""The one place that runs other programs: no shell, a time limit, and every line of output kept in the build's log."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import BuildError

_TAIL_LINES = 20
_LONGEST_LINE = 1_000
_KEPT = {
    "PATH",
    "HOME",
    "TMPDIR",
    "TMP",
    "TEMP",
    "LANG",
    "LC_ALL",
    "NO_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
}
_KEPT_PREFIXES = ("UV_", "PIP_", "SSL_")
_DROPPED_PREFIXES = ("UV_PUBLISH_",)


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a build gets to see of this process's environment: how to find programs and the package index.

    A build runs the code of the unit's build backend, and the repository may be hostile: credentials of AWS and of
    publishing stay out, and the AWS SDK is told to look for none in the home folder or the metadata service. This
    keeps honest code from using them by mistake; against malice, run workers on machines of their own.
    """
    kept = {name: value for name, value in environment.items() if _is_kept(name)}
    return {
        **kept,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _is_kept(name: str) -> bool:
    upper = name.upper()
    return (upper in _KEPT or upper.startswith(_KEPT_PREFIXES)) and not upper.startswith(_DROPPED_PREFIXES)


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
        environment: what the commands see, nothing else; see `clean_environment`.
        timeout_seconds: how long one command may take.
    """

    def __init__(self, unit: str, log: Path, environment: Mapping[str, str], timeout_seconds: float) -> None:
        self.unit = unit
        self._log = log
        self._environment = dict(environment)
        self._timeout = timeout_seconds

    @property
    def search_path(self) -> str:
        """Where programs are looked for."""
        return self._environment.get("PATH", os.defpath)

    def note(self, text: str) -> None:
        """Write a line of our own into the log."""
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")

    def attempt(
        self, step: str, command: Sequence[str], cwd: Path, variables: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run a command and say how it ended.

        Raises:
            BuildError: the program is not installed.
        """
        self.note(f"\n== {step}\n$ {shlex.join(command)}")
        with self._log.open("ab") as log:
            start = log.tell()
            code = self._run(step, command, cwd, {**self._environment, **(variables or {})}, log.fileno())
        return Outcome(code, self._log.read_bytes()[start:].decode(errors="replace"))

    def run(
        self, step: str, command: Sequence[str], cwd: Path, reason: str, variables: Mapping[str, str] | None = None
    ) -> str:
        """Run a command that must succeed, and return what it printed.

        Raises:
            BuildError: it did not; `reason` is what its text says.
        """
        outcome = self.attempt(step, command, cwd, variables)
        self.require(step, outcome, reason)
        return outcome.output

    def require(self, step: str, outcome: Outcome, reason: str) -> None:
        """Raise a `BuildError` unless a command succeeded."""
        if outcome.code is None:
            raise BuildError(
                self.unit,
                step,
                f"it took longer than {self._timeout:g} seconds. Find out in the log what it waited for, or raise "
                "build.timeout_minutes in orchestrator.toml.",
                outcome.tail,
            )
        if outcome.code:
            raise BuildError(self.unit, step, reason, outcome.tail)

    def _run(
        self, step: str, command: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int
    ) -> int | None:
        try:
            # Its own process group, so that the time limit also ends what the command has started.
            process = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise BuildError(
                self.unit, step, f"the program {command[0]!r} was not found: install it on the build worker."
            ) from error
        try:
            return process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
