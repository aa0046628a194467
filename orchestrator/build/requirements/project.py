"""What a unit with a project declares: in `[project]`, through its build backend, and in lock files."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Self

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestrator.build.declared import Declared
from orchestrator.build.exported import Exported
from orchestrator.build.requirements.elsewhere import declaring_elsewhere, setuptools_files
from orchestrator.build.requirements.lists import read_list
from orchestrator.build.requirements.locks import FoundLock, LockFiles, not_used
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE
from orchestrator.build.requirements.poetry import POETRY_LOCK, poetry_requirements
from orchestrator.config.project import ProjectTable, project_table
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

WHEEL_METADATA = "the metadata of the unit's wheel (Requires-Dist)"
"""The source of dependencies that a build backend alone knows."""


@dataclass(frozen=True)
class Project:
    """A unit's project.

    Attributes:
        table: that describes it.
        text: of its `pyproject.toml`.
        document: the same, parsed.
    """

    table: ProjectTable
    text: str
    document: Mapping[str, Any]

    @classmethod
    def of(cls, text: str | None) -> Self | None:
        """The project of a `pyproject.toml`; None where there is no such file, or it is of tools only."""
        document = tomllib.loads(text) if text is not None else {}
        table = project_table(document)
        return cls(table, text or "", document) if table else None

    @property
    def is_told_by_wheel(self) -> bool:
        """Whether only the build backend knows the dependencies."""
        table = self.table
        return table.is_packaged and (
            table.is_of_poetry or "dependencies" not in table.values or table.is_dynamic("dependencies")
        )

    @property
    def source(self) -> str:
        """Where dependencies are written, for messages."""
        return WHEEL_METADATA if self.is_told_by_wheel else f"{self.table.key}.dependencies of {FILE_NAME}"


@dataclass(frozen=True)
class ProjectFiles:
    """The dependency files of a unit with a project.

    Attributes:
        unit: the unit.
        exported: its sources.
        project: the unit's.
    """

    unit: Unit
    exported: Exported
    project: Project

    def packaged(self, dependencies: tuple[str, ...]) -> Declared:
        """What it declares where a build backend packages its code.

        Args:
            dependencies: as `[project]` or the wheel names them.

        Raises:
            ConfigurationError: a lock file is not valid, or dependencies are declared where the wheel has none of them.
        """
        found = self._lock()
        warnings = [*self._other_lists(found, dependencies), *self._others(found, dependencies)]
        return self._declared(dependencies, found, warnings)

    def unpackaged(self) -> Declared:
        """What it declares where its code is no package.

        Raises:
            ConfigurationError: a lock file is not valid, or what Poetry would have to lock is not locked.
        """
        found, table = self._lock(), self.project.table
        if "dependencies" in table.values and not table.is_of_poetry:
            dependencies = tuple(table.values["dependencies"])
        else:
            dependencies = self._of_poetry(found)
        return self._declared(dependencies, found, list(self._unused(found, found.unused)))

    def _lock(self) -> FoundLock:
        return LockFiles(self.exported, self.unit.folder, self.project.document).find()

    def _declared(self, dependencies: tuple[str, ...], found: FoundLock, warnings: list[str]) -> Declared:
        return Declared(
            self.unit.folder,
            self.unit.version,
            dependencies,
            self.project.source,
            pyproject=self.project.text,
            uv_lock=found.uv_lock,
            lock=found.pinned,
            warnings=tuple(warnings),
        )

    def _of_poetry(self, found: FoundLock) -> tuple[str, ...]:
        file = self.unit.path(FILE_NAME)
        table = self.project.document.get("tool", {}).get("poetry", {})
        dependencies = poetry_requirements(table, file)
        if dependencies and found.pinned is None:
            raise ConfigurationError(
                file,
                "this is a project of Poetry 1, without [project], and its code is not packaged: its dependencies are "
                f"those that {POETRY_LOCK} locks, which is missing. Run 'poetry lock' and commit the file; or write "
                "[project] with name, version and dependencies.",
            )
        return dependencies

    def _other_lists(self, found: FoundLock, dependencies: tuple[str, ...]) -> Iterator[str]:
        others = [name for name in found.unused if name != REQUIREMENTS_FILE or found.file]
        yield from self._unused(found, others)
        if others == list(found.unused) or self._is_read_by_backend(dependencies):
            return
        file = self.unit.path(REQUIREMENTS_FILE)
        yield (
            f"{file} has no hashes and is not used: delete it, or make it a lock: uv pip compile --universal "
            f"--generate-hashes {FILE_NAME} -o {REQUIREMENTS_FILE}"
        )

    def _others(self, found: FoundLock, dependencies: tuple[str, ...]) -> Iterator[str]:
        """What to say of files for other tools.

        Raises:
            ConfigurationError: setuptools has passed one of them over, and nothing else declares a dependency.
        """
        of_setuptools = setuptools_files(self.exported, self.unit.folder)
        if of_setuptools and not dependencies:
            raise ConfigurationError(
                self.unit.path(of_setuptools[0]),
                "declares install_requires, and the wheel requires nothing: setuptools passes it over where [project] "
                'does not name it. Write dynamic = ["dependencies"] into [project], or move it to '
                "project.dependencies.",
            )
        yield from self._of_poetry_alone(dependencies)
        there = declaring_elsewhere(self.exported, self.unit.folder)
        used = of_setuptools if self.project.is_told_by_wheel else []
        yield from self._unused(found, [name for name in there if name not in used])

    def _of_poetry_alone(self, dependencies: tuple[str, ...]) -> Iterator[str]:
        """What to say of dependencies that only Poetry would install.

        Raises:
            ConfigurationError: nothing else declares a dependency.
        """
        poetry = self.project.document.get("tool", {}).get("poetry", {}).get("dependencies", {})
        names = {canonicalize_name(Requirement(one).name) for one in dependencies}
        missing = sorted(
            name
            for name, said in poetry.items()
            if name != "python" and canonicalize_name(name) not in names and not _is_optional(said)
        )
        file, what = self.unit.path(FILE_NAME), f"tool.poetry.dependencies names {', '.join(missing)}"
        if missing and not dependencies:
            raise ConfigurationError(
                file,
                f"{what}, and the wheel requires nothing: its build backend is not Poetry's. Write them into "
                "project.dependencies.",
            )
        if missing:
            yield f"{file}: {what}, which {self.project.source} does not: they are not in the layer."

    def _unused(self, found: FoundLock, names: list[str] | tuple[str, ...]) -> Iterator[str]:
        return not_used(self.unit.folder, names, found.file or self.project.source)

    def _is_read_by_backend(self, dependencies: tuple[str, ...]) -> bool:
        """Whether the wheel requires all that a `requirements.txt` lists: then its backend has read that."""
        if not self.project.is_told_by_wheel:
            return False
        try:
            listed = read_list(self.unit.path(REQUIREMENTS_FILE), self.exported)
        except ConfigurationError:
            return False
        names = {canonicalize_name(Requirement(one).name) for one in dependencies}
        return listed is not None and {pin.name for pin in listed.pins} <= names


def _is_optional(said: Any) -> bool:
    tables = said if isinstance(said, list) else [said]
    return all(isinstance(one, dict) and one.get("optional") is True for one in tables)
