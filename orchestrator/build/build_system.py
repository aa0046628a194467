"""`[build-system]` of a unit: which build backend makes its packages, and what that requires."""

import tomllib
from collections.abc import Iterable

from orchestrator.config.project import project_table
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

# Pure Python and nothing but PEP 517: these need no programs of what they require.
_SIMPLE = {"hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "pdm.backend", "setuptools.build_meta"}
# Where a project names none. Source: PEP 517 and PEP 518.
_DEFAULT = {"build-backend": "setuptools.build_meta:__legacy__", "requires": ["setuptools>=40.8.0"]}
# Poetry takes itself for the one of its own projects.
_DEFAULT_OF_POETRY = {"build-backend": "poetry.core.masonry.api", "requires": ["poetry-core"]}
_KEY = "build-system"


@dataclass(frozen=True)
class BuildSystem:
    """`[build-system]` of a `pyproject.toml`.

    Attributes:
        requires: as written; PEP 508, if they are valid.
        backend: such as `hatchling.build`.
        path: the folders of the unit that the backend is imported from, when it is the unit's own.
    """

    requires: tuple[str, ...]
    backend: str
    path: tuple[str, ...] = ()

    @classmethod
    def read(cls, pyproject: str, file: str) -> "BuildSystem":
        """Read it.

        Args:
            pyproject: the text.
            file: its path, for errors.

        Raises:
            ConfigurationError: it is no such table.
        """
        document = tomllib.loads(pyproject)
        project = project_table(document)
        default = _DEFAULT_OF_POETRY if project and project.is_of_poetry else _DEFAULT
        table = document.get(_KEY, default)
        said = table if isinstance(table, dict) else {}
        requires, path = _texts(said.get("requires")), _texts(said.get("backend-path", []))
        backend = said.get("build-backend", _DEFAULT["build-backend"])
        if requires is None or path is None or not isinstance(backend, str) or not backend:
            raise ConfigurationError(
                file,
                f"{_KEY} is not valid: write requires as a list of requirements and build-backend as text, such as "
                'requires = ["hatchling"] and build-backend = "hatchling.build".',
            )
        return cls(requires, backend, path)

    @property
    def is_simple(self) -> bool:
        """Whether the backend is known, and imported from nothing but wheels."""
        return self.backend in _SIMPLE and not self.path

    def requirements(self, file: str) -> tuple[str, ...]:
        """What is required, as it may be looked up.

        Raises:
            ConfigurationError: something is not a requirement of a package index.
        """
        return checked_requirements(self.requires, f"{_KEY}.requires", file)


def checked_requirements(requirements: Iterable[str], key: str, file: str) -> tuple[str, ...]:
    """Requirements that may be handed to uv.

    Nothing else may get to it: an option could name another index, and what is no wheel of an index would be built,
    which runs code while the network is in reach.

    Args:
        requirements: as written.
        key: where, for errors.
        file: in which file.

    Raises:
        ConfigurationError: some are something else; each is named.
    """
    # What was looked up before needs no parser.
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    found, problems = [], []
    for text in requirements:
        try:
            requirement = Requirement(text)
        except (InvalidRequirement, RecursionError):
            problems.append(f"{key}: {text!r} is not valid. Use PEP 508, such as 'hatchling>=1.27'.")
            continue
        if requirement.url is not None:
            problems.append(
                f"{key}: {text!r} is a folder, a file or a repository, and builds install wheels of a package index "
                f"alone. Publish it there and write {requirement.name!r}."
            )
        found.append(str(requirement))
    if problems:
        raise ConfigurationError(file, *problems)
    return tuple(found)


def _texts(value: object) -> tuple[str, ...] | None:
    texts = tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
    return texts if isinstance(value, list) and len(texts) == len(value) else None
