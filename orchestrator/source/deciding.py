"""Which code decides on what is found in a repository, by its content: the same wherever the same code runs."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
DECIDING = ("aws/arn.py", "config", "errors.py", "frozen.py", "identity", "source")
"""All of the package that surveys use."""


def deciding_files() -> Iterator[Path]:
    """Its files, in an order that is always the same; bytecode, which comes and goes, is none of them."""
    for name in DECIDING:
        place = _PACKAGE / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]


@cache
def deciding_code() -> str:
    """Identify it; 64 hexadecimal digits. Another version of it may find something else at the same commit."""
    digest = hashlib.sha256()
    for file in deciding_files():
        digest.update(f"{file.relative_to(_PACKAGE).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
