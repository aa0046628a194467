"""What of a unit's project is asked for before the configuration's models are imported, which takes long."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from packaging.version import Version

from orchestrator.errors import ConfigurationError

_LONGEST_VERSION = 64
_PROJECT, _POETRY = "project", "tool.poetry"
# By tool, the key that says that a project is code and no package.
_PACKAGED = {"poetry": "package-mode", "uv": "package", "pdm": "distribution"}


class ProjectTable(NamedTuple):
    """The table of a `pyproject.toml` that describes a project.

    Attributes:
        key: `project`; `tool.poetry` in projects of Poetry 1.
        values: of the table.
        is_packaged: whether a build backend makes a package of it. Otherwise it is code with dependencies.
    """

    key: str
    values: Mapping[str, Any]
    is_packaged: bool

    @property
    def is_of_poetry(self) -> bool:
        """Whether it is `[tool.poetry]`."""
        return self.key == _POETRY

    @property
    def sets_version(self) -> bool:
        """Whether `project.version` is the version that a build backend gives the package."""
        return not self.is_of_poetry and not self.is_dynamic("version")

    def is_dynamic(self, name: str) -> bool:
        """Whether the build backend says what a key's value is."""
        dynamic = self.values.get("dynamic", ())
        return not self.is_of_poetry and isinstance(dynamic, list) and name in dynamic


def project_table(document: Mapping[str, Any]) -> ProjectTable | None:
    """Find the table that describes a project; None in a `pyproject.toml` of tools only."""
    tools = _mapping(document.get("tool"))
    is_packaged = all(_mapping(tools.get(tool)).get(key) is not False for tool, key in _PACKAGED.items())
    if _PROJECT in document:
        return ProjectTable(_PROJECT, _mapping(document[_PROJECT]), is_packaged)
    poetry = tools.get("poetry")
    return ProjectTable(_POETRY, _mapping(poetry), is_packaged) if poetry is not None else None


def declared_version(project: ProjectTable, file: str, otherwise: str) -> str:
    """The version that a project declares, as it is written in keys and names.

    Args:
        project: the table.
        file: the file that it is in, for errors.
        otherwise: the version of a project whose build backend says its version, or which is not a package.

    Raises:
        ConfigurationError: it declares none, or one that no release can have.
    """
    version, key = project.values.get("version"), f"{project.key}.version"
    if version is None and (project.is_dynamic("version") or (project.is_of_poetry and not project.is_packaged)):
        return otherwise
    if not isinstance(version, str):
        raise ConfigurationError(file, _missing(project))
    try:
        parsed = Version(version)
    except ValueError as error:  # Also of numbers with thousands of digits.
        raise ConfigurationError(
            file, f"{key} = {version!r} is not valid: use a PEP 440 version such as '0.1.0'."
        ) from error
    if len(str(parsed)) > _LONGEST_VERSION:
        raise ConfigurationError(
            file,
            f"{key} is not valid: it has {len(str(parsed))} characters, and {_LONGEST_VERSION} fit into the "
            "names of change sets.",
        )
    if parsed.local:
        raise ConfigurationError(
            file,
            f"{key} = {version!r} is not valid: a local part ('+...') cannot be an object key.",
        )
    return str(parsed)


def _missing(project: ProjectTable) -> str:
    if project.is_of_poetry:
        return (
            "this is a project of Poetry 1, without [project], and tool.poetry.version is missing: write "
            "version = '0.1.0'; or package-mode = false where its code is not a package."
        )
    return "project.version is missing: give the unit a version, for example version = '0.1.0'."


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
