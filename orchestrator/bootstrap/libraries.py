"""Installs libraries of the lock file for a platform, with their hashes, and no others."""

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

from uv import find_uv_bin

from orchestrator.build.runtime import platform_tag
from orchestrator.config.organization import Lambda
from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass

_LOCK, _PROJECT = "requirements.lock", "pyproject.toml"
_INSTALL = ("pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-compile-bytecode")
_TIMEOUT_SECONDS = 300


class BundleError(OrchestratorError):
    """A bundle of code could not be put together."""


@dataclass(frozen=True)
class Libraries:
    """Installs libraries.

    Attributes:
        root: the clone with the lock file and the project's file.
        platform: what the libraries are for.
    """

    root: Path
    platform: Lambda

    def install(self, names: Collection[str], folder: Path) -> None:
        """Install some libraries into a folder, without what they depend on.

        Raises:
            BundleError: the lock file is missing or lacks one of them, or one has no wheel for the platform.
        """
        self._install(("--no-deps",), names, folder)

    def install_all(self, more: Collection[str], folder: Path) -> None:
        """Install everything that the project depends on, directly or not, and some more; errors as for `install`."""
        self._install(("--constraints", self._file(_LOCK), "--requirements", self._file(_PROJECT)), more, folder)

    def _install(self, options: Collection[str], names: Collection[str], folder: Path) -> None:
        target = ("--target", str(folder), "--python-version", self.platform.python)
        machine = ("--python-platform", platform_tag(self.platform.platform))
        try:
            subprocess.run(
                [find_uv_bin(), *_INSTALL, *target, *machine, *options, "--requirements", "-"],
                input="\n".join(locked(Path(self._file(_LOCK)).read_text(encoding="utf-8"), names)),
                check=True,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
            )
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", "") or str(error)).strip()
            raise BundleError(
                f"The libraries of a bundle could not be installed for {self.platform}:\n{said}"
            ) from error

    def _file(self, name: str) -> str:
        file = self.root / name
        if not file.exists():
            raise BundleError(
                f"{name} was not found in {self.root}: bootstrap runs from a clone of the orchestrator's repository."
            )
        return str(file)


def locked(lock: str, names: Collection[str]) -> list[str]:
    """The lock file's entries, with their hashes, of some libraries.

    Raises:
        BundleError: it lacks one of them.
    """
    # A library has several entries where its version depends on that of Python.
    entries = [(entry.split("==")[0].split("[")[0].lower(), entry) for entry in re.split(r"\n(?=[A-Za-z0-9])", lock)]
    if missing := set(names) - {name for name, _ in entries}:
        raise BundleError(f"{_LOCK} lacks {', '.join(sorted(missing))}: run make lock.")
    return [entry for name, entry in entries if name in names]
