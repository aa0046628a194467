"""What a unit's wheel requires, as a build takes it up and checks it."""

from collections.abc import Iterable
from pathlib import Path

from packaging.specifiers import SpecifierSet

from orchestrator.build.declared import Declared, Lock
from orchestrator.build.distribution.metadata import read_metadata, unmet
from orchestrator.build.requirements.lists import not_of_an_index
from orchestrator.build.runtime import marker_environment
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError


def wheel_dependencies(wheel: Path, file: str) -> tuple[str, ...]:
    """The dependencies that a wheel's metadata names.

    Args:
        wheel: the unit's.
        file: the unit's `pyproject.toml`, for errors.

    Raises:
        ConfigurationError: one is not a package of a package index.
    """
    metadata = read_metadata(wheel)
    direct = [one for one in metadata.requires if one.url is not None]
    if direct:
        raise ConfigurationError(file, *(f"the wheel requires {not_of_an_index(str(one), one.name)}" for one in direct))
    return metadata.dependencies


def check_requirements(
    wheel: Path, declared: Declared, locks: Iterable[Lock], platforms: Iterable[Platform], file: str
) -> None:
    """Check that layers have all that a wheel's metadata asks for, and functions the Python.

    Args:
        wheel: the unit's.
        declared: its dependencies, as they were locked.
        locks: what they were locked to.
        platforms: what functions run the wheel on.
        file: the unit's `pyproject.toml`, for errors.

    Raises:
        ConfigurationError: it asks for something else; each is named.
    """
    metadata = read_metadata(wheel)
    problems = [
        f"{problem} Locked was what {declared.source} names: let that and the build backend say the same."
        for lock in locks
        for problem in unmet(metadata, declared.dependencies, lock.pins, marker_environment(lock.platform))
    ] + [
        f"the wheel requires Python {metadata.requires_python} (Requires-Python), which excludes {platform.runtime}, "
        "the runtime of a function: change one of the two."
        for platform in platforms
        if not SpecifierSet(metadata.requires_python).contains(f"{platform.python}.999")
    ]
    if problems:
        raise ConfigurationError(file, *dict.fromkeys(problems))
