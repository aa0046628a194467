"""Fetches what lists of requirements name, for what is not the unit's own package: layers, Makefiles, build commands.

Wheels are locked and fetched as they are for the unit's own layer; none is built.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.exported import Exported
from orchestrator.build.functions.locks import PublishedLocks
from orchestrator.build.functions.stock import Stock, fetched
from orchestrator.build.functions.toolchains import ToolChain, this_processor
from orchestrator.build.requirements.code import CodeFiles
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE
from orchestrator.build.uv import Uv
from orchestrator.config.platform import Platform
from orchestrator.config.unit import Unit
from orchestrator.frozen import dataclass
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.sha256 import sha256_of
from orchestrator.source.reading import within

STEP = "install Python packages"
_WHEELS, _LOCK = "wheels", "requirements.txt"
# The end of a zip, which is all that there is of an empty one.
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


@dataclass(frozen=True)
class Python:
    """The Python packages of one unit's folders.

    Attributes:
        unit: the unit.
        uv: locks and installs.
        cache: keeps what was fetched.
        locks: keeps what was locked.
        scratch: a folder of tools that fetch.
        tree: the exported tree; it is read alone.
    """

    unit: Unit
    uv: Uv
    cache: Cache
    locks: PublishedLocks
    scratch: Path
    tree: Path

    def wheels(self, where: str, platform: Platform) -> Stock:
        """Fetch the wheels that the list of requirements of a folder names; pip and uv take them from there.

        Raises:
            BuildError: they cannot be had for the platform.
            ConfigurationError: the list is not valid.
        """
        if not self._has_list(where):
            return Stock()
        dependencies, lock, _ = self._locked(where, platform)

        def fetch(into: Path) -> Path:
            (kept := into / "kept").mkdir()
            for name, path in dependencies.wheels(lock, into).items():
                shutil.copyfile(path, kept / name)
            return kept

        archive = fetched(self.cache, sha256_of(f"wheels {lock.sha256}".encode()), self.scratch, fetch)
        folder = f"{{home}}/{_WHEELS}"
        return Stock({_WHEELS: archive}, {"PIP_FIND_LINKS": folder, "UV_FIND_LINKS": folder, "UV_NO_INDEX": "1"})

    def environment(self, where: str) -> ToolChain:
        """Install what the list of requirements of a folder names, for this machine, with its programs.

        Raises:
            BuildError: it cannot be had for this machine.
            ConfigurationError: the list is not valid.
        """
        if not self._has_list(where):
            return ToolChain()
        here = Platform(f"{sys.version_info.major}.{sys.version_info.minor}", this_processor())
        _, lock, _ = self._locked(where, here)
        folder = self._folder()
        # The unit's code, which reads it, may be another user.
        folder.chmod(0o755)
        (folder / _LOCK).write_text(lock.text, encoding="utf-8")
        venv = ["venv", "venv", "--python", self.uv.python, "--no-python-downloads"]
        install = ["pip", "install", "--require-hashes", "--requirement", _LOCK, "--python", "venv", "--no-progress"]
        reason = f"what {within(where, REQUIREMENTS_FILE)} names cannot be installed; uv says why below."
        for arguments in (venv, [*install, "--only-binary", ":all:"]):
            self.uv.commands.require(STEP, self.uv.program(STEP, arguments, folder), reason)
        return ToolChain((), (folder / "venv" / "bin",), (folder / "venv",))

    def dependencies(self, where: str, platform: Platform, into: Path) -> Artifact | None:
        """Write a layer of what the list of requirements of a folder names.

        Args:
            where: the folder, from the repository's root.
            platform: what it is for.
            into: the archive; it is empty where nothing is named.

        Returns:
            The lock that was made for it; None where the list is one.

        Raises:
            BuildError: a requirement cannot be had.
            ConfigurationError: the list is not valid.
        """
        dependencies, lock, published = self._locked(where, platform)
        if lock.text:
            dependencies.layer(lock, self._folder(), into)
        else:
            into.write_bytes(_EMPTY_ZIP)
        return published

    def _has_list(self, where: str) -> bool:
        return (self.tree / where / REQUIREMENTS_FILE).is_file()

    def _locked(self, where: str, platform: Platform) -> tuple[Dependencies, Lock, Artifact | None]:
        """What a folder's requirements are locked to: by their own hashes, else once, as of the commit."""
        declared = CodeFiles(self.unit, Exported(self.tree), [where]).declared(None)
        dependencies = Dependencies(self.uv, self.cache, platform)
        if declared.is_locked or not declared.dependencies:
            return dependencies, dependencies.lock(declared, self._folder()), None
        text, published = self.locks.once(declared.key(platform), _LOCK, lambda: self._resolved(dependencies, declared))
        return dependencies, Lock(text.decode(), platform), published

    def _resolved(self, dependencies: Dependencies, declared: Declared) -> bytes:
        return dependencies.lock(declared, self._folder()).text.encode()

    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="python-", dir=self.scratch))
