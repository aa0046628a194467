"""The code of the orchestrator's own Lambdas: this package and the few libraries the runtime lacks, in one zip."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from uv import find_uv_bin

from orchestrator.build.archive import zip_folder
from orchestrator.build.runtime import platform_tag
from orchestrator.config.organization import Lambda
from orchestrator.errors import OrchestratorError

_ROOT = Path(__file__).parents[2]
_LOCK = "requirements.lock"
_PACKAGES = ("lambdas", "state_machines", "orchestrator")
# Parts of the package that no Lambda imports.
_LEFT_OUT = ("cli", "local", "bootstrap", "demo", "__pycache__")
# What the handlers import and the Lambda runtime does not have. boto3 is there, and jmespath with it.
_LIBRARIES = (
    "annotated-types",
    "packaging",
    "pydantic",
    "pydantic-core",
    "pyyaml",
    "tenacity",
    "typing-extensions",
    "typing-inspection",
    "tzdata",
)
_TIMEOUT_SECONDS = 300


class BundleError(OrchestratorError):
    """The code of the Lambdas could not be put together."""


def make_bundle(platform: Lambda, into: Path) -> None:
    """Write the zip; equal code and lock file give equal bytes.

    Args:
        platform: what the Lambdas run on.
        into: the zip's path.

    Raises:
        BundleError: the lock file is not there, or a library has no wheel for the platform.
    """
    with tempfile.TemporaryDirectory(prefix="orchestrator-bundle-") as name:
        folder = Path(name)
        _install(platform, folder)
        for package in _PACKAGES:
            shutil.copytree(_ROOT / package, folder / package, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        _tidy(folder)
        zip_folder(folder, into)


def _install(platform: Lambda, folder: Path) -> None:
    wanted = "\n".join(locked(_read_lock()))
    command = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    target = ["--target", str(folder), "--python-version", platform.python, "--python-platform", platform_tag(platform)]
    try:
        subprocess.run(
            [*command, *target, "--requirements", "-"],
            input=wanted,
            check=True,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", "") or str(error)).strip()
        raise BundleError(f"The libraries of the Lambdas could not be installed for {platform}:\n{said}") from error


def _read_lock() -> str:
    file = _ROOT / _LOCK
    if not file.exists():
        raise BundleError(
            f"{_LOCK} was not found beside the package: bootstrap runs from a clone of the orchestrator's repository."
        )
    return file.read_text()


def locked(lock: str) -> list[str]:
    """The lock file's entries, with their hashes, of the libraries that go into the bundle."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock)
    return [entry for entry in entries if entry.split("==")[0].split("[")[0].lower() in _LIBRARIES]


def _tidy(folder: Path) -> None:
    """Remove what differs from one installation to the next, and what nobody imports."""
    for path in [*folder.glob("bin"), *folder.glob("*.dist-info"), *folder.rglob("__pycache__")]:
        shutil.rmtree(path)
    for path in [*folder.glob(".lock"), *folder.rglob("*.pyi")]:
        path.unlink()
