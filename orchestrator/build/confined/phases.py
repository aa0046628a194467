"""The phases of a build: trusted tools fetch what locks name, and then the unit's code runs without their network.

A tool that fetches runs nothing of what it fetches: `uv` installs wheels and builds none. Whatever else is fetched for
a unit one day belongs here as well, such as by `npm ci --ignore-scripts` into a cache, or `go mod download`: with
`Phases.fetching`, into a folder that no code of the unit can write to, and that it then reads.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import NamedTuple

from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.confined.level import not_opened
from orchestrator.build.network.reach import Reach
from orchestrator.build.run import Commands
from orchestrator.build.usage import Limits
from orchestrator.confine.features import Features
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass

_STEP = "open hosts to the unit's code"


class Run(NamedTuple):
    """What all commands of a build have in common.

    Attributes:
        unit: its name.
        environment: see `clean_environment`.
        seconds: how long they may take together.
        stop: ends all builds when it is set.
    """

    unit: str
    environment: Mapping[str, str]
    seconds: float
    stop: Event


@dataclass(frozen=True)
class Phases:
    """Makes the commands of each phase.

    Attributes:
        run: what they have in common.
        cache: uv's.
        user: whom the unit's code runs as, None for the one that builds.
        features: what this machine can confine by.
        strict: whether nothing is run that cannot be confined.
        limits: how much a build may use.
        hosts: those that are opened to the unit's code.
        reach: how these are reached.
    """

    run: Run
    cache: Path
    user: int | None
    features: Features
    strict: bool
    limits: Limits
    hosts: tuple[str, ...] = ()
    reach: Reach = Reach()

    def fetching(self, log: Path, scratch: Path) -> Commands:
        """Tools that fetch: they reach package indexes, and run no code of the unit."""
        return self._commands(log, scratch, self.cache, None)

    def tool(self, log: Path, scratch: Path) -> Commands:
        """Tools that work on what was fetched, and run no code of it."""
        return self._commands(log, scratch, None, None)

    def unit(self, log: Path, scratch: Path) -> Commands:
        """The unit's code: build backends, CDK apps, handlers, and what reads its templates."""
        return self._commands(log, scratch, None, self.user, self.hosts)

    def require_network(self, log: Path, scratch: Path) -> None:
        """Try whether hosts can be opened on this machine, where they are to be; that takes a process.

        Raises:
            BuildError: they cannot.
        """
        if not self.hosts:
            return
        outcome = self.unit(log, scratch).attempt(_STEP, [Path(sys.executable), "-I", "-S", "-c", ""], scratch)
        if outcome.code != 0:
            raise BuildError(self.run.unit, _STEP, not_opened(self.hosts, outcome.tail))

    def _commands(
        self, log: Path, scratch: Path, cache: Path | None, user: int | None, hosts: tuple[str, ...] = ()
    ) -> Commands:
        confinement = Confinement(
            scratch, cache, user, self.features, self.strict, self.limits, hosts=hosts, reach=self.reach
        )
        run = self.run
        return Commands(run.unit, log, run.environment, run.seconds, confinement).stopped_by(run.stop)
