"""Pins: requirements of one version each, with the hashes of its files."""

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from orchestrator.frozen import dataclass

REQUIREMENTS_FILE = "requirements.txt"
"""The file that pins are written to, and the list of requirements that every tool knows."""
_HASH = re.compile(r"\s--hash=(\w+):(\w+)")


@dataclass(frozen=True)
class Pin:
    """A requirement of a lock.

    Attributes:
        requirement: one version, with the marker that says where.
        hashes: SHA-256 of its files.
    """

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package's normalized name."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version; empty for a package that is given by a URL."""
        return next((one.version for one in self.requirement.specifier if one.operator in ("==", "===")), "")

    @property
    def line(self) -> str:
        """The pin as a line of a requirements file."""
        return " ".join([str(self.requirement), *(f"--hash=sha256:{one}" for one in self.hashes)])


@dataclass(frozen=True)
class Unpinned:
    """A package that a lock does not lead to one version of a package index for.

    Attributes:
        requirement: its name, with the marker that says where it holds.
        kind: what the lock names instead, such as `git`.
    """

    requirement: Requirement
    kind: str

    def __str__(self) -> str:
        return f"{canonicalize_name(self.requirement.name)} ({self.kind})"


@dataclass(frozen=True)
class PinnedLock:
    """A lock file, read.

    Attributes:
        file: its path from the repository's root.
        text: what identifies what it locks.
        pins: all that it locks, for every platform.
        renew: the command that makes it again.
        is_complete: whether the pins are all that the unit requires. Otherwise there are more of them, those of
            development, and the unit's dependencies lead to those that it requires.
        groups: the dependency groups that markers of the pins may ask for.
        unpinned: packages that it locks to something else than a version of a package index.
        environments: markers of the platforms that it was made for; all when there are none.
        constraints: further requirements on versions, PEP 508.
    """

    file: str
    text: str
    pins: tuple[Pin, ...]
    renew: str
    is_complete: bool
    groups: frozenset[str] = frozenset()
    unpinned: tuple[Unpinned, ...] = ()
    environments: tuple[Marker, ...] = ()
    constraints: tuple[str, ...] = ()

    def fits(self, markers: Mapping[str, str]) -> bool:
        """Whether it was made for a platform, among others."""
        return not self.environments or any(self._applies(one, markers) for one in self.environments)

    def applying(self, markers: Mapping[str, str]) -> tuple[Pin, ...]:
        """The pins that hold on a platform, without their markers."""
        return tuple(_without_marker(pin) for pin in self.pins if self._applies(pin.requirement.marker, markers))

    def unpinned_for(self, markers: Mapping[str, str]) -> tuple[Unpinned, ...]:
        """The packages without a version that hold on a platform."""
        return tuple(one for one in self.unpinned if self._applies(one.requirement.marker, markers))

    def _applies(self, marker: Marker | None, markers: Mapping[str, str]) -> bool:
        environment: dict[str, str | AbstractSet[str]] = {
            **markers,
            "extra": "",
            "extras": frozenset(),
            "dependency_groups": self.groups,
        }
        return marker is None or marker.evaluate(environment, context="lock_file")


def pin_of(name: str, version: str, marker: object, hashes: Iterable[str]) -> Pin:
    """A pin out of what a lock says.

    Args:
        name: the package's.
        version: its one version.
        marker: where it holds; everywhere when it is empty.
        hashes: of its files, with their kind, such as `sha256:...`.

    Raises:
        ValueError: one of them is not valid.
    """
    requirement = Requirement(f"{name}=={Version(version)}")
    requirement.marker = Marker(str(marker)) if marker else None
    split = (one.partition(":") for one in hashes)
    return Pin(requirement, tuple(value for kind, _, value in split if kind == "sha256"))


def unpinned(name: str, marker: object, kind: str) -> Unpinned:
    """A package that a lock names without a version; raises as `pin_of`."""
    requirement = Requirement(name)
    requirement.marker = Marker(str(marker)) if marker else None
    return Unpinned(requirement, kind)


def applying(requirements: Iterable[Requirement], markers: Mapping[str, str]) -> Iterator[Requirement]:
    """The requirements that hold on a platform, without extras of the package that has them."""
    environment = {**markers, "extra": ""}
    return (one for one in requirements if one.marker is None or one.marker.evaluate(environment))


def pins(text: str) -> tuple[Pin, ...]:
    """The requirements of a text that the orchestrator wrote itself: each with its hashes on the lines below."""
    return tuple(_pin(line) for line in text.replace("\\\n", " ").splitlines() if line.strip())


def _pin(line: str) -> Pin:
    hashes = tuple(value for kind, value in _HASH.findall(line) if kind == "sha256")
    return Pin(Requirement(_HASH.sub("", line).strip()), hashes)


def _without_marker(pin: Pin) -> Pin:
    requirement = Requirement(str(pin.requirement))
    requirement.marker = None
    return Pin(requirement, pin.hashes)
