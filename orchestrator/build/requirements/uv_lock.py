"""`uv.lock`: checked here, and read by uv."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from orchestrator.build.requirements.pins import applying
from orchestrator.config.load import parse_toml
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

UV_LOCK = "uv.lock"
# How a lock calls the folder that it lies in.
_ITSELF = "."


@dataclass(frozen=True)
class LockedProject:
    """What a `uv.lock` must have been made for.

    Attributes:
        pyproject: the text of the `pyproject.toml`.
        dependencies: as it names them, or its build backend.
        member: how the lock calls the project's folder.
    """

    pyproject: str
    dependencies: tuple[str, ...]
    member: str = _ITSELF


def check_uv_lock(text: str, file: str, project: LockedProject, markers: Mapping[str, str]) -> None:
    """Check that a `uv.lock` was made for a `pyproject.toml`: the one beside it, or one of a member of its workspace.

    `uv export --locked` would say so too, but asks the package index again where a build machine reaches it by
    another address than the developer, and needs an interpreter of the project's version.

    Args:
        text: of the lock.
        file: its path from the repository's root.
        project: what it must have been made for.
        markers: what environment markers are evaluated with.

    Raises:
        ConfigurationError: it was made for other dependencies; they are named.
    """
    lock = parse_toml(text, file)
    try:
        problem = _staleness(lock, project, markers)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(file, f"is not a file that 'uv lock' wrote: {error!r}.") from error
    if problem:
        raise ConfigurationError(file, f"{problem} Renew it: run 'uv lock' in the unit's folder and commit the file.")


def is_member(text: str, file: str, folder: str) -> bool:
    """Whether a `uv.lock` locks what lies in a folder, as it is called from there.

    Raises:
        ConfigurationError: it is not valid.
    """
    return any(_lies_in(one, folder) for one in parse_toml(text, file).get("package", ()))


def _staleness(lock: Mapping[str, Any], project: LockedProject, markers: Mapping[str, str]) -> str:
    table, member = tomllib.loads(project.pyproject)["project"], project.member
    name = canonicalize_name(table["name"])
    root = next((one for one in lock.get("package", ()) if one.get("name") == name and _lies_in(one, member)), None)
    if root is None:
        return f"does not hold {name}: it was made for another project."
    # A workspace's is what all of its members have in common.
    is_alone = member == _ITSELF
    if is_alone and SpecifierSet(table.get("requires-python", "")) != SpecifierSet(lock.get("requires-python", "")):
        return "was made for another project.requires-python."
    declared = set(_written(map(Requirement, project.dependencies), markers))
    recorded = root.get("metadata", {}).get("requires-dist", ())
    locked = set(_written(map(_recorded, recorded), markers))
    if declared == locked:
        return ""
    differing = ", ".join(sorted(declared ^ locked))
    return f"was made for other project.dependencies than those of pyproject.toml; they differ in {differing}."


def _lies_in(package: Mapping[str, Any], folder: str) -> bool:
    return folder in (package.get("source", {}).get(kind) for kind in ("editable", "virtual", "directory"))


def _recorded(entry: Mapping[str, Any]) -> Requirement:
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    marker = f" ; {entry['marker']}" if entry.get("marker") else ""
    return Requirement(f"{entry['name']}{extras}{entry.get('specifier', '')}{marker}")


def _written(requirements: Iterable[Requirement], markers: Mapping[str, str]) -> Iterator[str]:
    """Those that hold on a platform, written alike; uv rewrites markers, so that only what they say can be compared."""
    for one in applying(requirements, markers):
        extras = f"[{','.join(sorted(canonicalize_name(extra) for extra in one.extras))}]" if one.extras else ""
        yield f"{canonicalize_name(one.name)}{extras}{one.specifier}"
