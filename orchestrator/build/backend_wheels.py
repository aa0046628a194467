"""What build backends require: looked up once a day, as wheels, and imported from where those are unpacked."""

import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from orchestrator.build.build_system import BuildSystem
from orchestrator.build.cache import Cache
from orchestrator.build.unpacked import Unpacked
from orchestrator.build.uv import Uv
from orchestrator.build.wheel import Wheel
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of

_KIND = "backends"
_LIST, _LOCK = "requirements.in", "pylock.toml"


@dataclass(frozen=True)
class BackendWheels:
    """Finds what build backends require, as of the beginning of the commit's day, so that a day's commits share it.

    Attributes:
        uv: asks the package index.
        cache: keeps wheels, and which ones they are.
        scratch: the folder that the commands of `uv` may write to.
    """

    uv: Uv
    cache: Cache
    scratch: Path

    def folders(self, step: str, system: BuildSystem, file: str) -> tuple[Path, ...]:
        """The folders to import a backend from; none when something that it requires is not there as a wheel.

        Args:
            step: what is being done, for the log.
            system: the unit's.
            file: the unit's `pyproject.toml`, for errors.

        Raises:
            ConfigurationError: something that it requires is no requirement of a package index.
        """
        if not self._is_ours(system):
            return ()
        key = self._key(system)
        with self.cache.locked(_KIND, key):
            return self.known(system) or self._found(step, system.requirements(file), key)

    def known(self, system: BuildSystem) -> tuple[Path, ...]:
        """The same, of what is on this machine already."""
        kept = self.cache.read(_KIND, self._key(system)) if self._is_ours(system) else None
        return self._all([self._unpacked.find(one) for one in kept.decode().split()]) if kept else ()

    def _found(self, step: str, requirements: Sequence[str], key: str) -> tuple[Path, ...]:
        # Only a build whose wheels are not there needs HTTP.
        from orchestrator.build.fetch import Fetcher  # noqa: PLC0415
        from orchestrator.build.runtime import this_interpreter  # noqa: PLC0415

        folder = Path(tempfile.mkdtemp(prefix="backend-", dir=self.scratch))
        wheels = self._locked(step, requirements, folder)
        fetched = Fetcher(self.uv, self.cache, this_interpreter()).fetch(wheels, folder)
        found = self._all([self._unpacked.of(one) for one in fetched])
        if found:
            self.cache.keep(_KIND, key, " ".join(one.sha256 for one in fetched).encode())
        return found

    def _locked(self, step: str, requirements: Sequence[str], folder: Path) -> Sequence[Wheel]:
        """The wheels that the requirements come down to; none when they come down to something else."""
        from orchestrator.build.runtime import this_interpreter  # noqa: PLC0415  # As above.
        from orchestrator.build.wheels import UnusableLockError, select  # noqa: PLC0415

        (folder / _LIST).write_text("".join(f"{one}\n" for one in requirements), encoding="utf-8")
        morning = replace(self.uv, as_of=datetime.combine(self._day, time.min, UTC))
        command = ["pip", "compile", _LIST, "--output-file", _LOCK, "--quiet", "--no-header", "--only-binary", ":all:"]
        # What was published today only is known as of the commit.
        if not any(uv.attempt(step, command, folder).code == 0 for uv in (morning, self.uv)):
            return ()
        try:
            return select(tomllib.loads((folder / _LOCK).read_text(encoding="utf-8")), this_interpreter())
        except UnusableLockError:
            return ()

    def _key(self, system: BuildSystem) -> str:
        interpreter = (self.uv.python, sys.implementation.cache_tag)
        return sha256_of("\0".join((str(self._day), *interpreter, *system.requires)).encode())

    def _is_ours(self, system: BuildSystem) -> bool:
        """Whether a backend runs on this interpreter: which wheels another one can import is not known here."""
        return system.is_simple and self.uv.python == sys.executable

    @property
    def _day(self) -> date:
        return self.uv.as_of.astimezone(UTC).date()

    @property
    def _unpacked(self) -> Unpacked:
        return Unpacked(self.cache)

    @staticmethod
    def _all(folders: Sequence[Path | None]) -> tuple[Path, ...]:
        found = tuple(one for one in folders if one)
        return found if len(found) == len(folders) else ()
