"""Starts a unit's build backend before its sources are there: it takes longer to import than sources take to find."""

import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path

from orchestrator.build.backend import Backend, Work
from orchestrator.build.build_system import BuildSystem
from orchestrator.build.gate import Gate
from orchestrator.build.run import Outcome
from orchestrator.build.uv import Uv
from orchestrator.frozen import dataclass
from orchestrator.source.facts import PYPROJECT
from orchestrator.source.reading import within

STEP = "build wheel and sdist"
# By what tools that take a version from git are told one. Source: the documentation of setuptools-scm, which hatch-vcs
# is made of, of pdm-backend, pbr and poetry-dynamic-versioning.
_VERSIONS_OF_GIT = (
    "SETUPTOOLS_SCM_PRETEND_VERSION",
    "PDM_BUILD_SCM_VERSION",
    "PBR_VERSION",
    "POETRY_DYNAMIC_VERSIONING_BYPASS",
)
# The earliest time that a zip, and so a wheel, can hold.
_EARLIEST = 315_532_800


@dataclass(frozen=True)
class ProjectFile:
    """The `pyproject.toml` of a unit.

    Attributes:
        unit: its name.
        folder: the unit's, from the repository's root.
        text: what it says.
        version: the one that the unit declares.
        sets_version: whether that is its `project.version`, which the build backend gives the wheel.
    """

    unit: str
    folder: str
    text: str
    version: str
    sets_version: bool

    @property
    def path(self) -> str:
        """The file, from the repository's root."""
        return within(self.folder, PYPROJECT)


@dataclass(frozen=True)
class Started:
    """A build backend that waits for something to build.

    Attributes:
        project: whose backend it is.
        backend: runs it.
        gate: opens to the unit's folder.
        out: where it writes.
        outcome: how it ends.
    """

    project: ProjectFile
    backend: Backend
    gate: Gate
    out: Path
    outcome: Future[Outcome]


def start_backend(backend: Backend, project: ProjectFile, gate: Gate, pool: Executor) -> Started:
    """Start the build backend that a unit names; what has to be looked up for it is, in another thread.

    Args:
        backend: runs it.
        project: the unit's.
        gate: not opened yet.
        pool: runs the thread that watches over it.

    Raises:
        ConfigurationError: the project file names none.
    """
    out = Path(tempfile.mkdtemp(prefix="built-", dir=backend.scratch)) / "dist"
    backend.commands.give(out.parent)
    system = BuildSystem.read(project.text, project.path)
    work = Work(STEP, project.path, system, out, _variables(backend.uv, project), gate)
    return Started(project, backend, gate, out, pool.submit(_answer(backend, work)))


def _answer(backend: Backend, work: Work) -> Callable[[], Outcome]:
    """What waits for the backend; it is started at once where that can be done."""
    # A thread would start it late, as this one goes on to import what keeps all others waiting.
    started = backend.started(work)
    return (lambda: started() or backend.installed(work)) if started else partial(backend.build, work)


def _variables(uv: Uv, project: ProjectFile) -> dict[str, str]:
    """What build backends see. Those that ask git for a version have no repository here, and are told one."""
    versions = {} if project.sets_version else dict.fromkeys(_VERSIONS_OF_GIT, project.version)
    return {**source_variables(uv), **versions}


def source_variables(uv: Uv) -> dict[str, str]:
    """What tells build backends the time of the sources."""
    return {"SOURCE_DATE_EPOCH": str(source_time(uv))}


def source_time(uv: Uv) -> int:
    """The time of everything in a package, in seconds: the commit's."""
    return max(_EARLIEST, int(uv.as_of.timestamp()))
