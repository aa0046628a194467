"""Bytecode of unpacked wheels: made beside a build, never waited for, and gone on with by the next one."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.build import run_compiler
from orchestrator.build.run import Commands
from orchestrator.frozen import dataclass

_STEP = "compile packages"
# In a folder all of which is compiled, by the Python of this name.
_DONE = f".compiled-{sys.implementation.cache_tag}"


@dataclass(frozen=True)
class Bytecode:
    """Compiles what lies in unpacked wheels, where that was not done before.

    Attributes:
        commands: runs the compiler, which reads what others have written, and runs none of it.
        python: the interpreter that the bytecode is for.
        scratch: a folder of the commands.
    """

    commands: Commands
    python: str
    scratch: Path

    def make(self, folders: Sequence[Path]) -> None:
        """Compile what is in some folders, when the machine has nothing else to do, until `ended` is left.

        What is left then, the next build goes on with.
        """
        missing = [folder for folder in folders if not (folder / _DONE).exists()]
        if not missing or self._stop.exists():
            return
        script: list[str | Path] = [Path(self.python), "-I", "-S", Path(run_compiler.__file__).absolute()]
        commands = self.commands.writing_to(missing)
        if commands.attempt(_STEP, [*script, str(self._stop), *missing], self.scratch).code == 0:
            for folder in missing:
                with suppress(OSError):
                    (folder / _DONE).touch()

    @contextmanager
    def ended(self) -> Iterator[None]:
        """In the end, let no more be compiled."""
        try:
            yield
        finally:
            self._stop.touch()

    @property
    def _stop(self) -> Path:
        return self.scratch / "stop"
