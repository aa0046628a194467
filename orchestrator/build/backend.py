"""Build backends, in an interpreter that is started before the sources are there."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.build import run_backend
from orchestrator.build.backend_wheels import BackendWheels
from orchestrator.build.build_system import BuildSystem
from orchestrator.build.cache import Cache
from orchestrator.build.gate import Gate
from orchestrator.build.run import Outcome
from orchestrator.build.run_backend import MORE_REQUIREMENTS
from orchestrator.build.uv import Uv

# Where programs that a backend starts find what it requires.
_PATH = "PYTHONPATH"


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

    def build(self, step: str, system: BuildSystem, out: Path, variables: dict[str, str], gate: Gate) -> Outcome | None:
        """Build an sdist and a wheel.

        Args:
            step: what is being done, for the log.
            system: the unit's.
            out: where the files go.
            variables: added to the environment.
            gate: opens to the unit's folder; nothing is built when it shuts.

        Returns:
            How it ended; None when it cannot be done here, and is left to uv.
        """
        folders = BackendWheels(self.uv, self.cache, self.scratch).folders(step, system)
        if not folders:
            return None
        self.found(folders)
        out.mkdir(exist_ok=True)
        script: list[str | Path] = [Path(self.uv.python), "-I", "-S", Path(run_backend.__file__).absolute()]
        seen = {**variables, _PATH: os.pathsep.join(map(str, folders))}
        with gate.entrance() as entrance:
            command = [*script, str(out), system.backend, *folders]
            outcome = self.uv.commands.attempt(step, command, self.scratch, seen, stdin=entrance)
        # The cache may have been deleted meanwhile.
        deleted = outcome.code != 0 and not all(folder.is_dir() for folder in folders)
        return None if outcome.code == MORE_REQUIREMENTS or deleted else outcome
