"""What a unit's wheel requires, as a build takes it up and checks it."""

from pathlib import Path

from packaging.specifiers import SpecifierSet

from orchestrator.build.declared import Declared, Lock
from orchestrator.build.distribution.metadata import read_metadata, unmet
from orchestrator.build.requirements.lists import not_of_an_index
from orchestrator.build.runtime import marker_environment
from orchestrator.config.organization import Lambda
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


def check_requirements(wheel: Path, declared: Declared, locked: Lock, platform: Lambda, file: str) -> None:
    """Check that a layer has all that a wheel's metadata asks for, and that its Python does.

    Args:
        wheel: the unit's.
        declared: its dependencies, as they were locked.
        locked: what they were locked to.
        platform: what for.
        file: the unit's `pyproject.toml`, for errors.

    Raises:
        ConfigurationError: it asks for something else; each is named.
    """
    metadata = read_metadata(wheel)
    problems = [
        f"{problem} Locked was what {declared.source} names: let that and the build backend say the same."
        for problem in unmet(metadata, declared.dependencies, locked.pins, marker_environment(platform))
    ]
    if not SpecifierSet(metadata.requires_python).contains(f"{platform.python}.999"):
        problems.append(
            f"the wheel requires Python {metadata.requires_python} (Requires-Python), which excludes "
            f"{platform.runtime}: change one of the two."
        )
    if problems:
        raise ConfigurationError(file, *problems)
