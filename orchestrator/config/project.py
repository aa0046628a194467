"""What of a unit's `[project]` table is asked for before the configuration's models are imported, which takes long."""

from collections.abc import Mapping
from typing import Any

from packaging.version import Version

from orchestrator.errors import ConfigurationError

_LONGEST_VERSION = 64


def declared_version(project: Mapping[str, Any], file: str) -> str:
    """The version that a project declares, as it is written in keys and names.

    Args:
        project: the `[project]` table.
        file: the file that it is in, for errors.

    Raises:
        ConfigurationError: it declares none, or one that no release can have.
    """
    version = project.get("version")
    if not isinstance(version, str):
        raise ConfigurationError(
            file, "project.version is missing: give the unit a version, for example version = '0.1.0'."
        )
    try:
        parsed = Version(version)
    except ValueError as error:  # Also of numbers with thousands of digits.
        raise ConfigurationError(
            file, f"project.version = {version!r} is not valid: use a PEP 440 version such as '0.1.0'."
        ) from error
    if len(str(parsed)) > _LONGEST_VERSION:
        raise ConfigurationError(
            file,
            f"project.version is not valid: it has {len(str(parsed))} characters, and {_LONGEST_VERSION} fit into the "
            "names of change sets.",
        )
    if parsed.local:
        raise ConfigurationError(
            file,
            f"project.version = {version!r} is not valid: a local part ('+...') cannot be an object key.",
        )
    return str(parsed)
