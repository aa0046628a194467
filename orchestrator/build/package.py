"""A unit's own code as a wheel and an sdist, made by the build backend that the unit names."""

import io
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from orchestrator.build.archive import repack_tar
from orchestrator.build.backend import Backend, BuildSystem
from orchestrator.build.bounds import LARGEST_UNZIPPED, check_archive, check_tar
from orchestrator.build.confinement import was_refused
from orchestrator.build.project import with_version
from orchestrator.build.run import Outcome
from orchestrator.build.run_backend import MORE_REQUIREMENTS
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.errors import BuildError

_STEP = "build wheel and sdist"
# The earliest time that a zip, and so a wheel, can hold.
_EARLIEST = 315_532_800


@dataclass(frozen=True)
class Package:
    """A wheel and an sdist, named as they are stored."""

    wheel: Path
    sdist: Path


def file_stem(unit: str, version: str) -> str:
    """What the names of a release's wheel and sdist begin with.

    It is `<unit>-<version>` with the unit's name written as the wheel specification demands, `my-unit` as `my_unit`:
    a wheel with another `-` in its name cannot be installed. The project must be named like the unit (see
    `read_project`), so that the name also agrees with the wheel's metadata.
    """
    return f"{canonicalize_name(unit).replace('-', '_')}-{version}"


def generator(wheel: bytes) -> str:
    """The build backend that made a wheel, with its version, as the wheel says; the format demands that it does."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("Generator:")]
    return lines[0].partition(":")[2].strip() if lines else "not told"


def build_package(backend: Backend, unit: Unit, version: str, tree: Path, scratch: Path) -> Package:
    """Build the wheel and the sdist, each from the unit's folder within the exported tree.

    Args:
        backend: runs the build backend.
        unit: the unit.
        version: the release's; the exported `pyproject.toml` is changed to it.
        tree: the exported tree.
        scratch: an empty folder to work in.

    Raises:
        BuildError: the backend failed, or made something that cannot be released.
        ArtifactError: what the backend made holds links, or more than Lambda takes.
        ConfigurationError: the version cannot be set.
    """
    uv, folder = backend.uv, tree / unit.folder
    _set_version(folder / FILE_NAME, version, f"{unit.folder}/{FILE_NAME}")
    built = scratch / "built"
    timestamp = max(_EARLIEST, int(uv.as_of.timestamp()))
    outcome = _run(backend, folder, built, {"SOURCE_DATE_EPOCH": str(timestamp)})
    uv.commands.require(_STEP, outcome, _reason(outcome))
    stem = file_stem(unit.name, version)
    wheel, sdist = _only(unit.name, built, "*.whl"), _only(unit.name, built, "*.tar.gz")
    for path in (wheel, sdist):
        _check_place(unit.name, path, tree.parent)
    _check_wheel(unit.name, wheel.name, version)
    # The backend may be the unit's own: what it made is as little trusted as the unit.
    check_archive(wheel, LARGEST_UNZIPPED)
    check_tar(sdist, LARGEST_UNZIPPED)
    # Made only now, and with a name of its own: the backend could have put a link where these are written.
    named = Path(tempfile.mkdtemp(dir=scratch))
    stored = Package(named / f"{stem}-py3-none-any.whl", named / f"{stem}.tar.gz")
    shutil.move(wheel, stored.wheel)
    repack_tar(sdist, stored.sdist, timestamp)
    return stored


def _reason(outcome: Outcome) -> str:
    failed = "the unit's build backend failed, its output is below."
    if was_refused(outcome.output):
        return (
            f"{failed} If it was refused something: a build may write only in its own folder, $HOME and $TMPDIR, read "
            "only there and what the system consists of, and connect only to package indexes."
        )
    return f"{failed} `uv build` in the folder shows the same."


def _check_place(unit: str, path: Path, root: Path) -> None:
    """Refuse a link: it could name any archive that the build's user may read."""
    if path.resolve() != root.resolve() / path.relative_to(root):
        raise BuildError(unit, _STEP, f"{path.name} is a link or lies behind one: let the build backend write files.")


def _run(backend: Backend, folder: Path, built: Path, variables: dict[str, str]) -> Outcome:
    """Run the backend by itself where that does, which is several times faster; else let uv do it."""
    system = BuildSystem.read(folder / FILE_NAME)
    if system:
        outcome = backend.build(_STEP, system, folder, built, variables)
        if outcome.code != MORE_REQUIREMENTS:
            return outcome
    arguments = ["build", str(folder), "--wheel", "--sdist", "--out-dir", str(built)]
    return backend.uv.attempt(_STEP, arguments, folder.parent, variables)


def prepare_package(backend: Backend, unit: Unit, tree: Path, scratch: Path) -> None:
    """Do what `build_package` will need whatever the version is; where it cannot be done, that one will say why."""
    system = BuildSystem.read(tree / unit.folder / FILE_NAME)
    if system:
        backend.prepare(_STEP, system, scratch)


def _set_version(path: Path, version: str, file: str) -> None:
    path.write_bytes(with_version(path.read_bytes().decode(), version, file).encode())


def _only(unit: str, folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BuildError(unit, _STEP, f"the build backend should make one {pattern[1:]} file and made {names}.")
    return found[0]


def _check_wheel(unit: str, name: str, version: str) -> None:
    """Refuse a wheel that is not of this version, or that does not run on every platform.

    A wheel for both Python 2 and 3, which hatchling makes when `requires-python` is left out, is one for Python 3:
    its bytes stay as they are and it is stored as `py3-none-any`.
    """
    try:
        _, found, _, tags = parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise BuildError(unit, _STEP, f"the build backend made a wheel with an invalid name: {error}.") from error
    if found != Version(version):
        raise BuildError(
            unit,
            _STEP,
            f"the build backend made version {found}, and {version} was asked for: let it take the version from "
            "project.version.",
        )
    if not any(str(tag) == "py3-none-any" for tag in tags):
        raise BuildError(
            unit,
            _STEP,
            f"{name} is not a py3-none-any wheel, so it holds compiled code or is for one platform only. A unit's "
            "own code must be pure Python; dependencies with compiled code belong in the layer, that is in "
            "project.dependencies.",
        )
