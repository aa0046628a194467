"""Runs uv, which locks, installs and builds, as of a moment in the package index's history."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.build.files import watched
from orchestrator.build.run import Commands, Outcome
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of

_NO_DATES = "missing an upload date"
_LEFT_OUT, _QUIET = "exclude-newer", "--quiet"
_NEWER = re.compile(
    r"`([\w.-]{1,100})` was filtered by `exclude-newer`.{0,300}?"
    r"(?:version, |requirement is )v?(\S{1,100}), (?:was )?published at (\d{4}-\d\d-\d\d)",
    re.DOTALL,
)
# What uv exits with when something kept it from its work; 1 is an answer, such as that versions do not go together.
_KEPT_FROM_IT = 2
_OWN_CACHE = "--no-cache"


@dataclass(frozen=True)
class Uv:
    """uv, ready for the build of one commit.

    What no lock names is looked up as the index was when the commit was made: the same commit then locks alike today
    and next year, whatever was published in between. Package indexes that are mirrors may not know when a file was
    uploaded, and uv then leaves the file out; there, and only there, the lookup is done again as of now, and the log
    says so. (The index that this was tried with knows the dates; a folder of files served as an index does not.)

    Attributes:
        commands: runs it.
        executable: the `uv` program.
        python: the Python interpreter that build backends run on; uv downloads none.
        as_of: when the commit was made.
    """

    commands: Commands
    executable: str
    python: str
    as_of: datetime

    @property
    def fingerprint(self) -> str:
        """What changes when the program is another one."""
        found = Path(self.executable).stat()
        return sha256_of(f"{self.executable} {found.st_size} {found.st_mtime_ns}".encode())

    def attempt(
        self,
        step: str,
        arguments: Sequence[str | Path],
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        *,
        dated: bool = True,
    ) -> Outcome:
        """Run a uv command, and say how it ended.

        Args:
            step: what is being done, for the log and for errors.
            arguments: the command.
            cwd: where it runs.
            variables: added to its environment.
            dated: whether it looks things up as of the commit; not when a lock says already which files.
        """
        command = [*arguments, "--python", self.python, "--no-python-downloads", "--no-progress"]
        if not dated:
            return self.program(step, command, cwd, variables)
        cutoff = self.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        outcome = self.program(step, [*command, "--exclude-newer", cutoff], cwd, variables)
        if outcome.code and _LEFT_OUT in outcome.output and _QUIET in command:
            # Why it has left something out is a warning, which is not told quietly.
            loud = [one for one in command if one != _QUIET]
            outcome = self.program(step, [*loud, "--exclude-newer", cutoff], cwd, variables)
        if outcome.code and _NO_DATES in outcome.output:
            self.commands.note("The package index does not say when files were uploaded: looking up as of now.")
            outcome = self.program(step, command, cwd, variables)
        return outcome

    def require(self, step: str, outcome: Outcome, reason: str) -> None:
        """Raise a `BuildError` unless a lookup succeeded; it names what is newer than the commit."""
        newer = _NEWER.search(outcome.output) if outcome.code else None
        if newer:
            name, version, day = newer.groups()
            raise BuildError(
                self.commands.unit,
                step,
                f"{name} {version} was uploaded on {day}, after the commit ({self.as_of.astimezone(UTC):%Y-%m-%d}): "
                "builds look the package index up as of the commit. Make a new commit, or lock with hashes.",
            )
        self.commands.require(step, outcome, reason)

    def program(
        self, step: str, arguments: Sequence[str | Path], cwd: Path, variables: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run uv with just these arguments, and say how it ended.

        It starts nothing that is to outlive what it waits for: what a build backend has left behind is ended.

        Its cache may be deleted while it works, or a part of it may have been: what it cannot do with it, and what it
        has done with one that is gone, is done again with a cache that nobody else knows of.
        """
        command = [Path(self.executable), *arguments]
        with watched([self.commands.cache]) as is_there:
            outcome = self.commands.attempt(step, command, cwd, variables, reaps=True)
            deleted = outcome.code == 0 and not is_there()
        if outcome.code != _KEPT_FROM_IT and not deleted:
            return outcome
        self.commands.note("Once more without uv's cache: it may have been deleted meanwhile.")
        return self.commands.attempt(step, [*command, _OWN_CACHE], cwd, variables, reaps=True)
