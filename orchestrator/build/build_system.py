"""`[build-system]` of a unit: which build backend makes its packages, and what that requires."""

import tomllib
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

# Pure Python and nothing but PEP 517: these need no virtual environment with programs of its own.
_SIMPLE = {"hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "pdm.backend", "setuptools.build_meta"}


@dataclass(frozen=True)
class BuildSystem:
    """`[build-system]` of a `pyproject.toml`.

    Attributes:
        requires: PEP 508.
        backend: such as `hatchling.build`.
    """

    requires: tuple[str, ...]
    backend: str

    @classmethod
    def read(cls, pyproject: str) -> "BuildSystem | None":
        """Read it; None when it names none of the backends that are run without uv, or is not valid."""
        table = tomllib.loads(pyproject).get("build-system", {})
        if not isinstance(table, dict):
            return None
        requires, backend, path = (table.get(key) for key in ("requires", "build-backend", "backend-path"))
        if backend not in tuple(_SIMPLE) or path is not None or not isinstance(requires, list):
            return None
        try:
            # Nothing else may get onto a command line: an option could name another index.
            return cls(tuple(str(Requirement(one)) for one in requires), backend)
        except (InvalidRequirement, TypeError, RecursionError):
            return None
