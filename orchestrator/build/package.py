"""A unit's own code as a wheel and an sdist, made by the build backend that the unit names."""

import io
import secrets
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from orchestrator.build.archive import repack_tar
from orchestrator.build.backend import Backend
from orchestrator.build.bounds import LARGEST_UNZIPPED, check_archive, check_tar
from orchestrator.build.confined.confinement import was_refused
from orchestrator.build.distribution.released import Named, released_wheel
from orchestrator.build.project import with_version
from orchestrator.build.run import Outcome
from orchestrator.build.scratch import copy_tree
from orchestrator.build.starting import STEP, Started, source_time
from orchestrator.build.untrusted import Budget, UntrustedFolder
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass

# Source: Git LFS's specification.
_POINTER, _LONGEST_POINTER = b"version https://git-lfs.github.com/spec/v1\n", 1_023
_LONGEST_GENERATOR, _MOST_LISTED = 200, 10
_ADVICE = "Let the unit's programs write plain files, and to the folders that they are given."


@dataclass(frozen=True)
class Package:
    """A wheel and an sdist, named as they are stored."""

    wheel: Path
    sdist: Path


def generator(wheel: bytes) -> str:
    """The build backend that made a wheel, with its version, as the wheel says; the format demands that it does."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
        texts = [archive.read(name).decode(errors="replace") for name in names]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("Generator:")]
    return lines[0].partition(":")[2].strip()[:_LONGEST_GENERATOR] if lines else "not told"


def begin_package(started: Started, version: str, sources: Path) -> Callable[[], Package]:
    """Let a backend build a wheel and an sdist, in a copy of the sources.

    Args:
        started: the build backend.
        version: the release's; the copied project file gets the text with it.
        sources: the exported tree, which no command can write to.

    Returns:
        What waits for them.

    Raises:
        ConfigurationError: the version cannot be set.
    """
    backend, project = started.backend, started.project
    text = with_version(project.text, version, project.path) if project.sets_version else project.text
    folder = _moved(_copied(sources, backend.own, project.path, text), backend) / project.folder
    started.gate.open(folder)
    return partial(_built, started, version)


def _built(started: Started, version: str) -> Package:
    """The package when it is there.

    Raises:
        BuildError: the backend failed, or made something that cannot be released.
        ArtifactError: what the backend made holds links, or more than Lambda takes.
    """
    backend, unit, file = started.backend, started.project.unit, started.project.path
    outcome = started.outcome.result()
    backend.commands.require(STEP, outcome, _reason(outcome))
    named = Named(unit, version)
    # Whatever wrote it, what is checked and published is a copy, which only this process writes to.
    made = UntrustedFolder(
        backend.scratch,
        (started.out.parent.name, started.out.name),
        f"the build backend of {unit}",
        file,
        _ADVICE,
    )
    wheel, sdist = (_only(unit, made, ending) for ending in (".whl", ".tar.gz"))
    _check_wheel(unit, wheel, version if started.project.sets_version else None)
    copies = Path(tempfile.mkdtemp(prefix="package-", dir=backend.own))
    copied = copies / f"{named.stem}-py3-none-any.whl"
    made.copy_file(wheel, copied, Budget(LARGEST_UNZIPPED))
    check_archive(copied, LARGEST_UNZIPPED)
    stored = Package(released_wheel(copied, named, copies / "released"), copies / f"{named.stem}.tar.gz")
    made.copy_file(sdist, copies / "made.tar.gz", Budget(LARGEST_UNZIPPED))
    check_tar(copies / "made.tar.gz", LARGEST_UNZIPPED)
    repack_tar(copies / "made.tar.gz", stored.sdist, source_time(backend.uv))
    refuse_pointers(stored.wheel, unit)
    return stored


def _copied(sources: Path, own: Path, file: str, text: str) -> Path:
    """A copy of the sources with another text of one file, out of reach of the backend, which runs already."""
    copy = copy_tree(sources, own)
    written = UntrustedFolder(own, copy.relative_to(own).parts, "the repository", file, _ADVICE)
    written.write(file, text.encode())
    return copy


def _moved(copy: Path, backend: Backend) -> Path:
    """Put the copy where the backend may write, at a stroke: nothing can have put a link in its way."""
    return backend.commands.give_all(copy).rename(backend.scratch / f"sources-{secrets.token_hex(8)}")


def refuse_pointers(wheel: Path, unit: str) -> None:
    """Refuse files that git keeps elsewhere: what would be deployed is a note where they are.

    Raises:
        BuildError: there are such files; they are named.
    """
    with zipfile.ZipFile(wheel) as archive:
        small = [one for one in archive.infolist() if one.file_size <= _LONGEST_POINTER]
        found = [one.filename for one in small if archive.read(one).startswith(_POINTER)]
    if found:
        raise BuildError(
            unit,
            STEP,
            f"{', '.join(found)} is a pointer of Git LFS and not the file itself, which builds do not fetch. Commit "
            "the file without LFS, or let the code read it from a bucket.",
        )


def _reason(outcome: Outcome) -> str:
    failed = "the unit's build backend failed, its output is below."
    return failed if was_refused(outcome.output) else f"{failed} `uv build` in the folder shows the same."


def _only(unit: str, folder: UntrustedFolder, ending: str) -> str:
    found = [name for name in folder.names() if name.endswith(ending)]
    if len(found) != 1:
        names = ", ".join(map(repr, found[:_MOST_LISTED])) or "none"
        raise BuildError(unit, STEP, f"the build backend should make one {ending} file and made {names}.")
    return found[0]


def _check_wheel(unit: str, name: str, version: str | None) -> None:
    """Refuse a wheel that is not of this version, or that does not run on every platform.

    A wheel for both Python 2 and 3, which hatchling makes when `requires-python` is left out, is one for Python 3:
    its bytes stay as they are and it is stored as `py3-none-any`. A version that the backend itself says is none of a
    release, which is written into the wheel.
    """
    try:
        _, found, _, tags = parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise BuildError(unit, STEP, f"the build backend made a wheel with an invalid name: {error}.") from error
    if version is not None and found != Version(version):
        raise BuildError(
            unit,
            STEP,
            f"the build backend made version {found}, and {version} was asked for: let it take the version from "
            "project.version.",
        )
    if not any(str(tag) == "py3-none-any" for tag in tags):
        raise BuildError(
            unit,
            STEP,
            f"{name} is not a py3-none-any wheel, so it holds compiled code or is for one platform only. A unit's "
            "own code must be pure Python; dependencies with compiled code belong in the layer, that is in "
            "project.dependencies.",
        )
