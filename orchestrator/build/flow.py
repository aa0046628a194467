"""One build, from the sources to the release: what takes long is started before what takes long to import.

Start the unit's build backend, export the sources, which it waits for, and let it build; then `making` does the rest.
"""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.build.backend import Backend
from orchestrator.build.build import Tools
from orchestrator.build.bytecode import Bytecode
from orchestrator.build.confined.level import level_of, too_low
from orchestrator.build.confined.phases import Phases, Run
from orchestrator.build.confined.users import own_user
from orchestrator.build.gate import Gate
from orchestrator.build.scratch import scratch_folder
from orchestrator.build.starting import ProjectFile, Started, start_backend
from orchestrator.build.tidy import tidy
from orchestrator.build.uv import Uv
from orchestrator.config.project import declared_version, project_table
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass
from orchestrator.releases.numbering import ReleaseLedger
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.source.catalog import Catalog, day_of
from orchestrator.source.export import export
from orchestrator.source.facts import PYPROJECT
from orchestrator.source.reading import within
from orchestrator.source.repository import SourceRepository

if TYPE_CHECKING:
    # Imported while the backend starts.
    from orchestrator.build.package import Package

# The package, what cfn-lint finds, what the check of handlers needs, and bytecode of two groups of wheels.
_BESIDE = 5
# What runs before the organization's own limit is known, in seconds; none may be longer.
_LONGEST = 480 * 60
_STEP = "confine the unit's code"


@dataclass(frozen=True)
class Places:
    """The folders of one build. What runs beside other commands has one of its own that its commands write to.

    Attributes:
        tree: the exported sources, which no command may write to.
        own: which no command may write to, either.
        fetched: for tools that fetch; no code of the unit may write to it.
        compiling: for bytecode, of what was fetched.
        work: for the unit's code that runs one after the other.
        packing: for the build backend.
        linting: for cfn-lint.
    """

    tree: Path
    own: Path
    fetched: Path
    compiling: Path
    work: Path
    packing: Path
    linting: Path

    @classmethod
    def made(cls, folder: Path) -> "Places":
        """Make all of them in a folder."""
        names = ("tree", "own", "fetched", "compile", "work", "package", "lint")
        places = [folder / name for name in names]
        for one in places:
            # Those that the unit's code writes to are given to its user, where it has one.
            one.mkdir(mode=0o700)
        made = cls(*places)
        # Passed through, and not looked into, by that user.
        for one in (folder, made.fetched):
            one.chmod(0o711)
        return made


@dataclass(frozen=True)
class Packing:
    """A package that is being made.

    Attributes:
        version: what for. A version is claimed when nothing can be wrong any more; nearly always it is this one.
        package: what will be made.
        project: what of; None for a unit that no build backend packages.
        warnings: what is left out.
    """

    version: str
    package: "Future[Package]"
    project: ProjectFile | None = None
    warnings: tuple[str, ...] = ()


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
        merged: whether the branch contains the commit; None when that was not asked.
    """

    repository: SourceRepository
    store: ReleaseStore
    releases: ReleaseLedger
    tools: Tools
    catalog: Catalog
    name: str
    log: Path
    merged: bool | None = None

    def run(self) -> tuple[str, tuple[str, ...]]:
        """Build and publish the release; returns its version, and warnings that are no part of it."""
        self._check_level()
        with (
            scratch_folder("orchestrator-build-") as folder,
            _joined_logs(self.log, folder / "own"),
            own_user(self.tools.features) as user,
            ThreadPoolExecutor(_BESIDE) as beside,
            Gate() as gate,
        ):
            places, phases = Places.made(folder), self._phases(user)
            phases.require_network(places.own / "network.log", places.work)
            commands = phases.tool(places.own / "compile.log", places.compiling)
            bytecode = Bytecode(commands, self.tools.python, places.compiling)
            # The threads are waited for: what nobody needs any more must end.
            with bytecode.ended():
                backend = self._backend(places, phases, lambda folders: beside.submit(bytecode.make, folders))
                project = self._project()
                started = start_backend(backend, project, gate, beside) if project else None
                export(self.repository, self.catalog.commit.id, self.inputs, places.tree)
                with _cut_short(backend):
                    packing = self._packing(started, places.tree, beside) if started else None
                    # While that is under way, there is time to import what takes longest.
                    from orchestrator.build.making import Making  # noqa: PLC0415

                    done = Making(self, places, phases, backend, packing, bytecode, beside).run()
        tidy(self.tools.cache.folder, self.tools.allowance)
        return done

    @property
    def inputs(self) -> tuple[str, ...]:
        """The folders that the release is made of."""
        return tuple(one.path for one in self.catalog.inputs[self.name])

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that are opened to the unit's code."""
        return self.catalog.hosts(self.name)

    def _check_level(self) -> None:
        """Refuse to run the unit's code where it could not be kept from everything else."""
        level = level_of(self.tools.features)
        if not (level.is_enough or self.tools.unconfined):
            raise BuildError(self.name, _STEP, too_low(level, self.tools.features))

    def _phases(self, user: int | None) -> Phases:
        tools = self.tools
        cache, strict = tools.cache.of_uv(self.name), not tools.unconfined
        run = Run(self.name, tools.environment, _LONGEST, tools.stop)
        return Phases(run, cache, user, tools.features, strict, tools.limits, self.hosts, tools.reach)

    def _backend(self, places: Places, phases: Phases, found: Callable[[Sequence[Path]], object]) -> Backend:
        """What runs the unit's build backend, beside the rest: it has a log of its own."""
        log = places.own / "package.log"
        as_of = self.catalog.commit.committed_at
        uv = Uv(phases.fetching(log, places.fetched), self.tools.uv, self.tools.python, as_of)
        commands = phases.unit(log, places.packing)
        return Backend(uv, self.tools.cache, places.fetched, commands, places.packing, places.own, found)

    def _project(self) -> ProjectFile | None:
        """The unit's project file; None when it has none, or one that says nothing of a package."""
        folder = self.catalog.facts[self.name].folder
        file = within(folder, PYPROJECT)
        text = self.repository.files(self.catalog.commit.id, [file]).get(file, b"").decode()
        table = project_table(tomllib.loads(text))
        if table is None or not table.is_packaged:
            return None
        version = declared_version(table, file, day_of(self.catalog.commit))
        return ProjectFile(self.name, folder, text, version, table.sets_version)

    def presumed_version(self, declared: str) -> str:
        """The version that the release will have, unless another build is faster."""
        return self.releases.presumed_version(self.name, self.catalog.digest(self.name), declared)

    def _packing(self, started: Started, tree: Path, beside: Executor) -> Packing:
        """Let the backend build what was exported."""
        from orchestrator.build.package import begin_package  # noqa: PLC0415  # See above.

        project = started.project
        version = self.presumed_version(project.version)
        return Packing(version, beside.submit(begin_package(started, version, tree)), project)


@contextmanager
def _cut_short(backend: Backend) -> Iterator[None]:
    """Let a backend build no longer than there is a use for it: where something else is wrong, there is none."""
    try:
        yield
    except BaseException:
        for commands in (backend.uv.commands, backend.commands):
            commands.limit(0)
        raise


@contextmanager
def _joined_logs(log: Path, folder: Path) -> Iterator[None]:
    """In the end, append the logs in a folder: of what ran beside the rest."""
    try:
        yield
    finally:
        with log.open("ab") as joined:
            joined.writelines(part.read_bytes() for part in sorted(folder.glob("*.log")))
