"""One build, from the sources to the release: what takes long is started before what takes long to import.

Export the sources, start the unit's build backend, which waits for them; then `making` does the rest.
"""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.build.backend import Backend
from orchestrator.build.build import Tools
from orchestrator.build.bytecode import Bytecode
from orchestrator.build.confinement import Confinement
from orchestrator.build.exported import Exported
from orchestrator.build.gate import Gate
from orchestrator.build.package import Started, start_backend
from orchestrator.build.run import Commands
from orchestrator.build.scratch import scratch_folder
from orchestrator.build.tidy import tidy
from orchestrator.build.uv import Uv
from orchestrator.releases.numbering import ReleaseLedger
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.source.catalog import Catalog
from orchestrator.source.export import export
from orchestrator.source.facts import PYPROJECT
from orchestrator.source.reading import within
from orchestrator.source.repository import SourceRepository

# The package, what cfn-lint finds, what the check of handlers needs, and bytecode of two groups of wheels.
_BESIDE = 5
# What runs before the organization's own limit is known, in seconds; none may be longer.
_LONGEST = 480 * 60


@dataclass(frozen=True)
class Places:
    """The folders of one build. What runs beside other commands has one of its own that its commands write to.

    Attributes:
        tree: the exported sources, which no command may write to.
        own: which no command may write to, either.
        work: for what runs one after the other.
        packing: for the build backend.
        linting: for cfn-lint.
        compiling: for bytecode.
    """

    tree: Path
    own: Path
    work: Path
    packing: Path
    linting: Path
    compiling: Path

    @classmethod
    def made(cls, folder: Path) -> "Places":
        """Make all of them in a folder."""
        names = ("tree", "own", "work", "package", "lint", "compile")
        places = [folder / name for name in names]
        for one in places:
            one.mkdir()
        return cls(*places)


@dataclass(frozen=True)
class Flow:
    """One build of one unit.

    Attributes:
        repository: the sources.
        store: where everything is published.
        releases: gives out versions and layer numbers.
        tools: of this machine.
        catalog: the repository at the commit.
        name: the unit's name.
        log: the file that everything is written to.
    """

    repository: SourceRepository
    store: ReleaseStore
    releases: ReleaseLedger
    tools: Tools
    catalog: Catalog
    name: str
    log: Path

    def run(self) -> tuple[str, tuple[str, ...]]:
        """Build and publish the release; returns its version, and warnings that are no part of it."""
        with (
            scratch_folder("orchestrator-build-") as folder,
            _joined_logs(self.log, folder / "own"),
            ThreadPoolExecutor(_BESIDE) as beside,
            Gate() as gate,
        ):
            places = Places.made(folder)
            commands = self.commands(places.own / "compile.log", places.compiling)
            bytecode = Bytecode(commands, self.tools.python, places.compiling)
            # The threads are waited for: what nobody needs any more must end.
            with bytecode.ended():
                backend = self._backend(places, lambda folders: beside.submit(bytecode.make, folders))
                export(self.repository, self.catalog.commit.id, self.inputs, places.tree)
                started = self._started(backend, places.tree, gate, beside)
                # While that is under way, there is time to import what takes longest.
                from orchestrator.build.making import Making  # noqa: PLC0415

                done = Making(self, places, backend, started, bytecode, beside).run()
        tidy(self.tools.cache.folder, self.tools.allowance)
        return done

    @property
    def inputs(self) -> tuple[str, ...]:
        """The folders that the release is made of."""
        return tuple(one.path for one in self.catalog.inputs[self.name])

    def commands(self, log: Path, scratch: Path) -> Commands:
        """Commands that may write to a folder."""
        confinement = Confinement(scratch, self.tools.cache.of_uv(self.name), self.tools.limits)
        return Commands(self.name, log, self.tools.environment, _LONGEST, confinement)

    def _backend(self, places: Places, found: Callable[[Sequence[Path]], object]) -> Backend:
        """What runs the unit's build backend, beside the rest: it has a log of its own."""
        commands = self.commands(places.own / "package.log", places.packing)
        uv = Uv(commands, self.tools.uv, self.tools.python, self.catalog.commit.committed_at)
        return Backend(uv, self.tools.cache, places.packing, places.own, found)

    def _started(self, backend: Backend, tree: Path, gate: Gate, beside: Executor) -> Started | None:
        """The unit's build backend; None when it has no project."""
        text = Exported(tree).text(within(self.catalog.facts[self.name].folder, PYPROJECT))
        if text is None or "project" not in tomllib.loads(text):
            return None
        return start_backend(backend, text, gate, beside)


@contextmanager
def _joined_logs(log: Path, folder: Path) -> Iterator[None]:
    """In the end, append the logs in a folder: of what ran beside the rest."""
    try:
        yield
    finally:
        with log.open("ab") as joined:
            joined.writelines(part.read_bytes() for part in sorted(folder.glob("*.log")))
