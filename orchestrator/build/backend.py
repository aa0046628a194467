"""Build backends, in environments that are made once a day instead of once for every build."""

import tempfile
import tomllib
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from orchestrator.build import run_backend
from orchestrator.build.archive import unpack
from orchestrator.build.bounds import LARGEST_UNZIPPED
from orchestrator.build.cache import Cache
from orchestrator.build.run import Outcome
from orchestrator.build.run_backend import MORE_REQUIREMENTS
from orchestrator.build.sha256 import sha256_of, sha256_of_file
from orchestrator.build.untrusted import Budget, UntrustedFolder
from orchestrator.build.uv import Uv
from orchestrator.config.unit import FILE_NAME

_KIND, _UNPACKED = "backends", "unpacked-backends"
_INSTALLED = "installed"
# Where programs that a backend starts find what it requires.
_PATH = "PYTHONPATH"
# Pure Python and nothing but PEP 517: these need no virtual environment with programs of its own.
_SIMPLE = {"hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "pdm.backend", "setuptools.build_meta"}


@dataclass(frozen=True)
class BuildSystem:
    """`[build-system]` of a `pyproject.toml`.

    Attributes:
        requires: PEP 508.
        backend: such as `hatchling.build`.
        path: folders of the unit that the backend is imported from.
    """

    requires: tuple[str, ...]
    backend: str
    path: tuple[str, ...] = ()

    @classmethod
    def read(cls, pyproject: str) -> "BuildSystem | None":
        """Read it; None when it names none of the backends that this module runs, or is not valid."""
        table = tomllib.loads(pyproject).get("build-system", {})
        if not isinstance(table, dict):
            return None
        requires, backend, path = (table.get(key) for key in ("requires", "build-backend", "backend-path"))
        if backend not in tuple(_SIMPLE) or path is not None or not isinstance(requires, list):
            return None
        try:
            # Nothing else may get onto a command line: an option could name another index.
            return cls(tuple(str(Requirement(one)) for one in requires), backend)
        except (InvalidRequirement, TypeError, RecursionError):
            return None


@dataclass(frozen=True)
class Backend:
    """Runs build backends.

    What they require is looked up as of the beginning of the commit's day, so that the commits of a day share it.

    Attributes:
        uv: installs what they require.
        cache: keeps it.
        scratch: the folder that the commands of `uv` may write to.
        own: a folder that they may not write to. What a backend requires may run code when it is installed: only what
            lies there is what was looked at.
    """

    uv: Uv
    cache: Cache
    scratch: Path
    own: Path

    def build(self, step: str, system: BuildSystem, folder: Path, out: Path, variables: dict[str, str]) -> Outcome:
        """Build an sdist and a wheel.

        Args:
            step: what is being done, for the log.
            system: the unit's.
            folder: the unit's.
            out: where the files go.
            variables: added to the environment.

        Returns:
            How it ended. With `MORE_REQUIREMENTS`, the backend wants more than it can be given here.
        """
        archive = self._new_folder() / "backend.zip"
        installed = self._install(step, system, archive)
        if isinstance(installed, Outcome):
            return installed
        kept = self.cache.folder_of(_UNPACKED, installed, partial(unpack, archive))
        outcome = self._run(step, system, folder, out, {**variables, _PATH: str(kept)})
        if outcome.code in (0, MORE_REQUIREMENTS) or kept.is_dir():
            return outcome
        # The cache was deleted meanwhile.
        unpacked = unpack(archive, archive.with_suffix(""))
        return self._run(step, system, folder, out, {**variables, _PATH: str(unpacked)})

    def _run(self, step: str, system: BuildSystem, folder: Path, out: Path, variables: dict[str, str]) -> Outcome:
        out.mkdir(exist_ok=True)
        script: list[str | Path] = [Path(self.uv.python), "-I", "-S", Path(run_backend.__file__).absolute()]
        command = [*script, Path(variables[_PATH]), str(folder), str(out), system.backend, *system.path]
        return self.uv.commands.attempt(step, command, folder, variables)

    def _install(self, step: str, system: BuildSystem, archive: Path) -> str | Outcome:
        """Install what a backend requires, once, into an archive; returns its SHA-256, or how that failed."""
        key = sha256_of("\0".join((str(self._day), self.uv.python, *system.requires)).encode())
        with self.cache.locked(_KIND, key):
            found = self.cache.take(_KIND, key, archive)
            if found:
                return found
            into = Path(tempfile.mkdtemp(prefix="backend-", dir=self.scratch))
            outcome = self._installed(step, system, into / _INSTALLED)
            if outcome.code != 0:
                return outcome
            self._pack(into, archive)
            made = sha256_of_file(archive)
            self.cache.keep(_KIND, key, archive, made)
            return made

    def _pack(self, folder: Path, archive: Path) -> None:
        """Pack what was installed: a copy of it, for what it brings may have put links there."""
        written = UntrustedFolder(
            self.scratch,
            folder.relative_to(self.scratch).parts,
            "the packages of build-system.requires",
            FILE_NAME,
            "Require packages that install plain files.",
        )
        copy = archive.with_name(_INSTALLED)
        written.copy_folder(_INSTALLED, copy, Budget(LARGEST_UNZIPPED))
        with zipfile.ZipFile(archive, "w") as packed:
            for path in sorted(copy.rglob("*")):
                packed.write(path, path.relative_to(copy))

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="backend-", dir=self.own))

    @property
    def _day(self) -> date:
        return self.uv.as_of.astimezone(UTC).date()

    def _installed(self, step: str, system: BuildSystem, into: Path) -> Outcome:
        morning = replace(self.uv, as_of=datetime.combine(self._day, time.min, UTC))
        command = ["pip", "install", "--target", str(into), "--link-mode", "copy", *system.requires]
        # Compiled for good: unpacked files have other times than those that bytecode usually goes by.
        compiled = {"UV_COMPILE_BYTECODE": "1", "PYC_INVALIDATION_MODE": "UNCHECKED_HASH"}
        outcome = morning.attempt(step, command, into.parent, compiled)
        # What was published today only is known as of the commit.
        return outcome if outcome.code == 0 else self.uv.attempt(step, command, into.parent, compiled)
