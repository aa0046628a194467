"""`[build-system]` of a unit: which build backend makes its packages, and what that requires."""

import tomllib

from orchestrator.frozen import dataclass

# Pure Python and nothing but PEP 517: these need no virtual environment with programs of its own.
_SIMPLE = {"hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "pdm.backend", "setuptools.build_meta"}


@dataclass(frozen=True)
class BuildSystem:
    """`[build-system]` of a `pyproject.toml`.

    Attributes:
        requires: as written; PEP 508, if they are valid.
        backend: such as `hatchling.build`.
    """

    requires: tuple[str, ...]
    backend: str

    @classmethod
    def read(cls, pyproject: str) -> "BuildSystem | None":
        """Read it; None when it names none of the backends that are run without uv, or is no such table."""
        table = tomllib.loads(pyproject).get("build-system", {})
        if not isinstance(table, dict):
            return None
        requires, backend, path = (table.get(key) for key in ("requires", "build-backend", "backend-path"))
        if backend not in tuple(_SIMPLE) or path is not None or not isinstance(requires, list):
            return None
        return cls(tuple(requires), backend) if all(isinstance(one, str) for one in requires) else None

    def requirements(self) -> tuple[str, ...] | None:
        """What is required, as it may be looked up; None when something is not valid.

        Nothing else may get to the index: an option could name another one.
        """
        # What was looked up before needs no parser.
        from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

        try:
            return tuple(str(Requirement(one)) for one in self.requires)
        except (InvalidRequirement, RecursionError):
            return None
