"""The orchestrator's own code, in zips that run as they are: one for its Lambdas, one for builds on CodeBuild.

The Lambdas' holds this package and the few libraries that their runtime lacks. The builder's is what a worker has
installed: a virtual environment with all libraries of the project, which lacks nothing but its interpreter. CodeBuild
unpacks it and adds that, and no build depends on an index being up before its own dependencies are asked for.
"""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.bootstrap.bytecode import compile_folder
from orchestrator.bootstrap.libraries import Libraries
from orchestrator.build.archive import zip_folder
from orchestrator.config.organization import Lambda

_ROOT = Path(__file__).parents[2]
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
# Parts of the package that run elsewhere: on people's machines, and where builds do.
_NOT_FOR_LAMBDAS = ("adoption", "bootstrap", "build", "cli", "confine", "demo", "local", "suggest")
SIGNING = ("cffi", "cryptography")
"""Libraries that sign as a GitHub App: as large as all others together, so they are only there where they are used."""


def make_bundle(platform: Lambda, into: Path, more: tuple[str, ...] = ()) -> None:
    """Write the zip of the Lambdas' code; equal code, lock file and Python of the Lambdas' version give equal bytes.

    Args:
        platform: what the Lambdas run on.
        into: the zip's path.
        more: libraries besides those that are always there.

    Raises:
        BundleError: the lock file is not there, or a library has no wheel for the platform.
    """
    with _packed(into, bytecode=True) as folder:
        Libraries(_ROOT, platform).install((*_LIBRARIES, *more), folder)
        for path in folder.glob("*.dist-info"):
            shutil.rmtree(path)
        _remove_programs(folder)
        _copy_packages(folder, left_out=_NOT_FOR_LAMBDAS)
        compile_folder(folder, platform.python)


def make_builder(platform: Lambda, into: Path, more: tuple[str, ...] = ()) -> None:
    """Write the zip that builds on CodeBuild run; arguments and errors are those of `make_bundle`."""
    with _packed(into) as folder:
        libraries = folder / "lib" / f"python{platform.python}" / "site-packages"
        Libraries(_ROOT, platform).install_all(more, libraries)
        (folder / "bin").mkdir()
        (libraries / "bin" / "uv").rename(folder / "bin" / "uv")
        # Programs begin with the path of the interpreter that installed them, and their digests are listed there.
        for path in libraries.glob("*.dist-info/RECORD"):
            path.unlink()
        _remove_programs(libraries)
        _copy_packages(libraries)


@contextmanager
def _packed(into: Path, *, bytecode: bool = False) -> Iterator[Path]:
    """Yield an empty folder, and write a zip of what was put into it."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-bundle-") as name:
        folder = Path(name)
        yield folder
        # Left over by the installation, differently each time, or read by nobody.
        for path in [*folder.rglob(".lock"), *folder.rglob("*.pyi")]:
            path.unlink()
        zip_folder(folder, into, bytecode=bytecode)


def _remove_programs(libraries: Path) -> None:
    shutil.rmtree(libraries / "bin", ignore_errors=True)


def _copy_packages(folder: Path, left_out: Collection[str] = ()) -> None:
    ignored = shutil.ignore_patterns("__pycache__", *left_out)
    for package in _PACKAGES:
        shutil.copytree(_ROOT / package, folder / package, ignore=ignored)
