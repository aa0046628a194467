"""Build backends, in an interpreter that is started before the sources are there."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from orchestrator.build import run_backend
from orchestrator.build.backend_wheels import BackendWheels
from orchestrator.build.build_system import BuildSystem
from orchestrator.build.cache import Cache
from orchestrator.build.files import watched
from orchestrator.build.gate import Gate
from orchestrator.build.run import Outcome
from orchestrator.build.run_backend import MORE_REQUIREMENTS
from orchestrator.build.unpacked import discard_damaged
from orchestrator.build.uv import Uv
from orchestrator.confine.launch import HERE
from orchestrator.frozen import dataclass

# Where programs that a backend starts find what it requires.
_PATH = "PYTHONPATH"


@dataclass(frozen=True)
class Work:
    """What a build backend has to do: an sdist and a wheel.

    Attributes:
        step: what is being done, for the log.
        system: the unit's.
        out: where the files go.
        variables: added to the environment.
        gate: opens to the unit's folder; nothing is built when it shuts.
    """

    step: str
    system: BuildSystem
    out: Path
    variables: Mapping[str, str]
    gate: Gate


@dataclass(frozen=True)
class Backend:
    """Runs build backends.

    Attributes:
        uv: finds what they require.
        cache: keeps it.
        scratch: the folder that the commands of `uv` may write to.
        own: a folder that they may not write to.
        found: is told of the folders that a backend is imported from.
    """

    uv: Uv
    cache: Cache
    scratch: Path
    own: Path
    found: Callable[[Sequence[Path]], object]

    def started(self, work: Work) -> Callable[[], Outcome | None] | None:
        """Start to build where all that is needed is on this machine; None where it is not.

        Returns:
            What waits for the end of it and answers as `build` does; it must be called.
        """
        folders = self._wheels.known(work.system)
        return self._started(work, folders) if folders else None

    def build(self, work: Work) -> Outcome | None:
        """Build an sdist and a wheel; returns how it ended, None when it cannot be done here and is left to uv."""
        folders = self._wheels.folders(work.step, work.system)
        return self._started(work, folders)() if folders else None

    def _started(self, work: Work, folders: tuple[Path, ...]) -> Callable[[], Outcome | None]:
        self.found(folders)
        work.out.mkdir(exist_ok=True)
        script: list[str | Path] = [HERE, Path(run_backend.__file__).absolute()]
        command = [*script, str(work.out), work.system.backend, *folders]
        seen = {**work.variables, _PATH: os.pathsep.join(map(str, folders))}
        with ExitStack() as stack:
            are_there = stack.enter_context(watched(folders))
            with work.gate.entrance() as entrance:
                ended = self.uv.commands.start(work.step, command, self.scratch, seen, stdin=entrance)
            until_ended = stack.pop_all()

        def outcome() -> Outcome | None:
            with until_ended:
                found = ended()
                # Even when it succeeded: it may have lost a plug-in, and made another package than it should have.
                deleted = not are_there() or discard_damaged(folders)
            return None if found.code == MORE_REQUIREMENTS or deleted else found

        return outcome

    @property
    def _wheels(self) -> BackendWheels:
        return BackendWheels(self.uv, self.cache, self.scratch)
