"""Reads a requirements file with hashes, as uv writes it."""

import re
from dataclasses import dataclass

from packaging.requirements import Requirement

_BLOCK = re.compile(r"^[^\s#].*\n(?:[ \t]+.*\n)*", flags=re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Pin:
    """One locked package.

    Attributes:
        name: as written.
        version: exact; empty for a package that is given by a URL.
        hashes: SHA-256 of the files that may be installed; one of them was.
    """

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def line(self) -> str:
        """It in short, such as `requests==2.32.5`."""
        return f"{self.name}=={self.version}" if self.version else self.name


def blocks(text: str) -> list[str]:
    """The requirements of a file, each with the indented lines of its hashes."""
    return _BLOCK.findall(text)


def pins(text: str) -> list[Pin]:
    """The locked packages of a file, in its order."""
    return [pin_of(block) for block in blocks(text)]


def pin_of(block: str) -> Pin:
    """One locked package, with or without its hashes."""
    requirement = Requirement(block.split("\n", 1)[0].rstrip("\\ "))
    exact = [one.version for one in requirement.specifier if one.operator == "=="]
    return Pin(requirement.name, exact[0] if exact else "", tuple(_HASH.findall(block)))
