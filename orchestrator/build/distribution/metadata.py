"""What a wheel's own metadata says: it is what a package manager would go by."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from orchestrator.build.requirements.pins import Pin, applying
from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass

_FILE = "METADATA"
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class WheelMetadata:
    """The metadata of a wheel.

    Attributes:
        folder: the wheel's `*.dist-info`, which it is in.
        name: of the package, as written.
        version: of the package, as written.
        requires: `Requires-Dist`.
        requires_python: `Requires-Python`; empty when the wheel says nothing.
    """

    folder: str
    name: str
    version: str
    requires: tuple[Requirement, ...]
    requires_python: str

    @property
    def dependencies(self) -> tuple[str, ...]:
        """The requirements, PEP 508, sorted, without those of extras."""
        plain = (one for one in self.requires if "extra" not in str(one.marker or "").split())
        return tuple(sorted(dict.fromkeys(map(str, plain))))


def read_metadata(wheel: Path) -> WheelMetadata:
    """Read a wheel's metadata.

    Raises:
        ArtifactError: there is none, or it is not valid.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if _is_metadata(name)]
        if len(names) != 1 or archive.getinfo(names[0]).file_size > _LARGEST:
            raise ArtifactError(f"{wheel.name} does not have one {_FILE} file: its build backend made no valid wheel.")
        raw, _ = parse_email(archive.read(names[0]))
    try:
        requires = tuple(map(Requirement, raw.get("requires_dist", ())))
        SpecifierSet(python := raw.get("requires_python", ""))
        Version(raw["version"])
        return WheelMetadata(names[0].partition("/")[0], raw["name"], raw["version"], requires, python)
    except (KeyError, InvalidRequirement, InvalidSpecifier, InvalidVersion, RecursionError) as error:
        raise ArtifactError(
            f"The {_FILE} of {wheel.name} is not valid: {error}. Correct what its build backend makes it of."
        ) from error


def _is_metadata(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder.endswith(".dist-info") and file == _FILE


def unmet(
    metadata: WheelMetadata, dependencies: Sequence[str], locked: Sequence[Pin], markers: Mapping[str, str]
) -> Iterator[str]:
    """Find what a wheel requires and its layer does not have, a sentence for each.

    Args:
        metadata: the wheel's.
        dependencies: what was locked, as it was declared.
        locked: what it was locked to, for a platform.
        markers: what environment markers are evaluated with on that platform.
    """
    versions = {pin.name: pin.version for pin in locked}
    extras = _extras(dependencies, markers)
    for requirement in applying(metadata.requires, markers):
        name = canonicalize_name(requirement.name)
        if name not in versions:
            yield f"the wheel requires {_shown(requirement)} (Requires-Dist), and {name} was not locked."
        elif not requirement.specifier.contains(versions[name], prereleases=True):
            yield (
                f"the wheel requires {_shown(requirement)} (Requires-Dist), and {name} was locked to {versions[name]}."
            )
        elif missing := sorted({*map(canonicalize_name, requirement.extras)} - extras.get(name, set())):
            yield (
                f"the wheel requires {_shown(requirement)} (Requires-Dist), and what was locked has "
                f"no extra {', '.join(missing)}."
            )


def _extras(dependencies: Sequence[str], markers: Mapping[str, str]) -> dict[str, set[str]]:
    extras: dict[str, set[str]] = {}
    for requirement in applying(map(Requirement, dependencies), markers):
        extras.setdefault(canonicalize_name(requirement.name), set()).update(map(canonicalize_name, requirement.extras))
    return extras


def _shown(requirement: Requirement) -> str:
    return repr(str(requirement))
