"""What a build reads from, and writes into, the `[project]` table of an exported `pyproject.toml`."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from orchestrator.build.requirements.lists import not_of_an_index
from orchestrator.config.platform import Platform
from orchestrator.config.project import ProjectTable, project_table
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

_MOST_TRIES = 20
_VERSION = re.compile(r"""(\bversion["']?[ \t]*=[ \t]*)(["'])([^"'\n]*)\2""")


@dataclass(frozen=True)
class Project:
    """The `[project]` table.

    Attributes:
        dependencies: as written, PEP 508.
    """

    dependencies: tuple[str, ...]


def read_project(text: str, file: str, unit: str) -> Project:
    """Read what the build needs.

    Args:
        text: of the `pyproject.toml`.
        file: its path, for errors.
        unit: the unit's name, which the project must have.

    Raises:
        ConfigurationError: a key is not valid, or does not suit the unit.
    """
    table = project_table(tomllib.loads(text))
    if table is None or table.is_of_poetry:
        # Poetry's own dependencies and Python are in its wheel's metadata.
        return Project(())
    project = dict(table.values)
    problems = list(_type_problems(project)) or [
        *_name_problems(project, unit),
        *_dynamic_problems(table),
        *_python_problems(project),
        *_dependency_problems(project),
    ]
    if problems:
        raise ConfigurationError(file, *problems)
    return Project(tuple(project.get("dependencies", ())))


def check_python(text: str, file: str, users: Mapping[Platform, Sequence[str]]) -> None:
    """Check that a project allows the Python of each function that runs it.

    Args:
        text: of the `pyproject.toml`, which was read before.
        file: its path, for errors.
        users: the functions of each platform.

    Raises:
        ConfigurationError: it excludes some; each is named.
    """
    wanted = tomllib.loads(text).get("project", {}).get("requires-python", "")
    problems = [
        f"project.requires-python = {wanted!r} excludes Python {platform.python}, the runtime of {', '.join(names)} in "
        "the template: change one of the two. Without a Runtime in the template, lambda.python of orchestrator.toml "
        "is the runtime."
        for platform, names in users.items()
        # Any patch release of the runtime will do, and it only ever gets newer ones.
        if not SpecifierSet(wanted).contains(f"{platform.python}.999")
    ]
    if problems:
        raise ConfigurationError(file, *problems)


def with_version(text: str, version: str, file: str) -> str:
    """A `pyproject.toml` with another `[project] version` and nothing else changed.

    Python can read TOML and not write it, and a rewritten file would lose its comments. So each place that looks
    like a version is replaced in turn, until one gives the document that is wanted.

    Raises:
        ConfigurationError: no place does.
    """
    wanted = tomllib.loads(text)
    declared = wanted["project"]["version"]
    if Version(declared) == Version(version):
        return text
    wanted["project"]["version"] = version
    # Each try reads all of the file: a file of nothing but versions must not take hours.
    places = (place for place in _VERSION.finditer(text) if place.group(3) == declared)
    for place in islice(places, _MOST_TRIES):
        changed = text[: place.start(3)] + version + text[place.end(3) :]
        if _parses_to(changed, wanted):
            return changed
    raise ConfigurationError(
        file,
        f"project.version could not be set to {version!r} for this release: write it on a line of its own in the "
        '[project] table, such as version = "0.1.0".',
    )


def _parses_to(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _type_problems(project: dict[str, Any]) -> Iterator[str]:
    for key in ("dependencies", "dynamic"):
        value = project.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            yield f"project.{key} = {value!r} is not valid: it must be a list of texts."
    if not isinstance(project.get("requires-python", ""), str):
        yield f"project.requires-python = {project['requires-python']!r} is not valid: it must be text, as '>=3.11' is."


def _name_problems(project: dict[str, Any], unit: str) -> Iterator[str]:
    # That it is the unit's was checked when the unit was read.
    if "name" not in project:
        yield f"project.name is missing: write name = {unit!r}, which the release is stored and installed by."


def _dynamic_problems(project: ProjectTable) -> Iterator[str]:
    if not project.is_packaged and project.is_dynamic("dependencies"):
        yield (
            "project.dynamic names 'dependencies', which a build backend says, and the code is not packaged: write "
            "project.dependencies."
        )


def _python_problems(project: dict[str, Any]) -> Iterator[str]:
    wanted = project.get("requires-python", "")
    try:
        SpecifierSet(wanted)
    except InvalidSpecifier:
        yield f"project.requires-python = {wanted!r} is not valid: use a PEP 440 specifier such as '>=3.11'."


def _dependency_problems(project: dict[str, Any]) -> Iterator[str]:
    for dependency in project.get("dependencies", ()):
        try:
            wanted = Requirement(dependency)
        except (InvalidRequirement, RecursionError) as error:
            why = str(error).split("\n", 1)[0]
            yield f"project.dependencies: {dependency!r} is not valid: {why}. Use PEP 508, such as 'requests>=2.32'."
            continue
        if wanted.url is not None:
            yield f"project.dependencies: {not_of_an_index(dependency, wanted.name)}"
