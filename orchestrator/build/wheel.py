"""One wheel, as a lock names it."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from orchestrator.frozen import dataclass

WHEELS = "wheels"
"""The kind of file that a cache keeps wheels as."""


@dataclass(frozen=True)
class Wheel:
    """One wheel, as an index offers it.

    Attributes:
        name: of the package, normalized.
        version: of the package.
        file: the wheel's file name.
        url: where it is offered; may need credentials that only uv knows.
        sha256: which it must have.
    """

    name: str
    version: str
    file: str
    url: str
    sha256: str

    @property
    def requirement(self) -> str:
        """The wheel as a line of a requirements file, such as `requests==2.32.5`, without its hash."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Fetched:
    """An archive of what a wheel installs, the wheel itself or one that was made of it; with its SHA-256."""

    path: Path
    sha256: str


def to_json(wheels: Iterable[Wheel]) -> bytes:
    """Wheels, as they are kept."""
    return json.dumps([asdict(wheel) for wheel in wheels]).encode()


def from_json(text: bytes) -> tuple[Wheel, ...]:
    """Wheels that were kept."""
    return tuple(Wheel(**one) for one in json.loads(text))
