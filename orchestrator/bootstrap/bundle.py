"""The orchestrator's own code, in zips that run as they are: one for its Lambdas, one for builds on CodeBuild.

The Lambdas' holds this package and the few libraries that their runtime lacks. The builder's holds everything that the
command line needs besides Python and git: CodeBuild unpacks it and runs it, and no build depends on an index being up
before its own dependencies are asked for.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from uv import find_uv_bin

from orchestrator.bootstrap.bytecode import compile_folder
from orchestrator.build.archive import zip_folder
from orchestrator.build.runtime import platform_tag
from orchestrator.config.organization import Lambda
from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass

_ROOT = Path(__file__).parents[2]
_LOCK = "requirements.lock"
_PACKAGES = ("lambdas", "state_machines", "orchestrator")
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
    # The runtime has one, but of a version that nobody promises.
    "urllib3",
)
# What the command line needs beyond those.
_COMMAND_LINE = (
    "aws-lambda-builders",
    "boto3",
    "botocore",
    "click",
    "h11",
    "jmespath",
    "markdown-it-py",
    "mdurl",
    "pip-requirements-parser",
    "plette",
    "pygments",
    "python-dateutil",
    "rich",
    "s3transfer",
    "six",
    "stdlibs",
    "tomlkit",
    "uv",
)
# Parts of the package that run elsewhere: on people's machines, and where builds do.
_NOT_FOR_LAMBDAS = ("adoption", "bootstrap", "build", "cli", "confine", "demo", "local", "suggest")
SIGNING = ("cffi", "cryptography")
"""Libraries that sign as a GitHub App: as large as all others together, so they are only there where they are used."""

_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class _Content:
    """What goes into a zip: libraries by name, all of the package but some parts, some programs, bytecode."""

    libraries: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    is_compiled: bool = False

    def with_libraries(self, more: tuple[str, ...]) -> "_Content":
        """The same with more libraries."""
        return replace(self, libraries=(*self.libraries, *more))


_LAMBDAS = _Content(_LIBRARIES, left_out=_NOT_FOR_LAMBDAS, is_compiled=True)
_BUILDER = _Content((*_LIBRARIES, *_COMMAND_LINE), programs=("uv",))


class BundleError(OrchestratorError):
    """The code of the Lambdas could not be put together."""


def make_bundle(platform: Lambda, into: Path, more: tuple[str, ...] = ()) -> None:
    """Write the zip of the Lambdas' code; equal code, lock file and Python of the Lambdas' version give equal bytes.

    Args:
        platform: what the Lambdas run on.
        into: the zip's path.
        more: libraries besides those that are always there.

    Raises:
        BundleError: the lock file is not there, or a library has no wheel for the platform.
    """
    _make(platform, into, _LAMBDAS.with_libraries(more))


def make_builder(platform: Lambda, into: Path, more: tuple[str, ...] = ()) -> None:
    """Write the zip that builds on CodeBuild run; arguments and errors are those of `make_bundle`."""
    _make(platform, into, _BUILDER.with_libraries(more))


def _make(platform: Lambda, into: Path, content: _Content) -> None:
    with tempfile.TemporaryDirectory(prefix="orchestrator-bundle-") as name:
        folder = Path(name)
        _install(platform, folder, content)
        _tidy(folder, content)
        left_out = shutil.ignore_patterns("__pycache__", *content.left_out)
        for package in _PACKAGES:
            shutil.copytree(_ROOT / package, folder / package, ignore=left_out)
        if content.is_compiled:
            compile_folder(folder, platform.python)
        zip_folder(folder, into, bytecode=content.is_compiled)


def _install(platform: Lambda, folder: Path, content: _Content) -> None:
    wanted = "\n".join(locked(_read_lock(), content.libraries))
    command = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    target = [
        "--target",
        str(folder),
        "--python-version",
        platform.python,
        "--python-platform",
        platform_tag(platform.platform),
    ]
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
        raise BundleError(f"The libraries of a bundle could not be installed for {platform}:\n{said}") from error


def _read_lock() -> str:
    file = _ROOT / _LOCK
    if not file.exists():
        raise BundleError(
            f"{_LOCK} was not found beside the package: bootstrap runs from a clone of the orchestrator's repository."
        )
    return file.read_text()


def locked(lock: str, libraries: Collection[str]) -> list[str]:
    """The lock file's entries, with their hashes, of some libraries."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock)
    return [entry for entry in entries if entry.split("==")[0].split("[")[0].lower() in libraries]


def _tidy(folder: Path, content: _Content) -> None:
    """Remove what differs from one installation to the next, and what nobody imports or runs."""
    for path in [*folder.glob("*.dist-info"), *folder.rglob("__pycache__")]:
        shutil.rmtree(path)
    programs = [path for path in folder.glob("bin/*") if path.name not in content.programs]
    for path in [*folder.glob(".lock"), *folder.rglob("*.pyi"), *programs]:
        path.unlink()
