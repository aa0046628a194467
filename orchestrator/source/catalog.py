"""What a repository holds at one commit: the organization, its units, and what every unit is made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from orchestrator.config import organization as organization_file
from orchestrator.config import unit as unit_file
from orchestrator.config.load import load_organization, load_unit
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError, UnknownNameError
from orchestrator.source.digest import Input, unit_digest
from orchestrator.source.repository import Commit, Entry, SourceRepository


@dataclass(frozen=True)
class Catalog:
    """The units of a repository at one commit.

    Attributes:
        commit: the commit that was read.
        organization: its `orchestrator.toml`.
        units: every deployable unit by name, in order of name.
        inputs: by unit, the folders it is built from; the unit's own folder comes first.
        problems: by folder, why what looks like a unit cannot be promoted. The other units are not affected.
    """

    commit: Commit
    organization: Organization
    units: Mapping[str, Unit]
    inputs: Mapping[str, tuple[Input, ...]]
    problems: Mapping[str, ConfigurationError]

    def unit(self, name: str) -> Unit:
        """Look a unit up by name.

        Raises:
            ConfigurationError: the unit is there, but its configuration is not valid.
            UnknownNameError: there is no such unit.
        """
        if name in self.units:
            return self.units[name]
        for folder, problem in self.problems.items():
            if folder.rsplit("/", 1)[-1] == name:
                raise problem
        globs = ", ".join(self.organization.units)
        raise UnknownNameError("unit", name, list(self.units), f"A unit is a folder {globs} with a pyproject.toml.")

    def digest(self, name: str) -> str:
        """The digest of a unit: equal digests mean equal inputs."""
        return unit_digest(self.inputs[name], self.organization.lambda_)


def read_catalog(repository: SourceRepository, revision: str) -> Catalog:
    """Read the organization and all its units with a handful of calls, however many units there are.

    Raises:
        ConfigurationError: `orchestrator.toml` is missing or not valid. A unit's own problems are listed instead.
        UnknownNameError: there is no such revision.
    """
    commit = repository.commit(revision)
    name = organization_file.FILE_NAME
    text = repository.files(commit.id, [name]).get(name)
    if text is None:
        raise ConfigurationError(name, f"is missing at the root of the repository at commit {commit.id[:12]}.")
    return _Reader(repository, commit, load_organization(text)).read()


@dataclass
class _Reader:
    repository: SourceRepository
    commit: Commit
    organization: Organization
    problems: dict[str, ConfigurationError] = field(default_factory=dict)
    listings: dict[str, Mapping[str, Entry]] = field(default_factory=dict)
    # Every folder with a pyproject.toml that was read, and None for the folders that have none.
    known: dict[str, Unit | None] = field(default_factory=dict)

    def read(self) -> Catalog:
        candidates = [folder for glob in self.organization.units for folder in self._expand(glob)]
        self._load(candidates)
        units = self._deployable(candidates)
        self._load_shared(units)
        inputs = {unit.name: found for unit in units if (found := self._inputs(unit))}
        return Catalog(
            commit=self.commit,
            organization=self.organization,
            units={unit.name: unit for unit in units if unit.name in inputs},
            inputs=inputs,
            problems=self.problems,
        )

    def _list(self, folder: str) -> Mapping[str, Entry]:
        if folder not in self.listings:
            self.listings[folder] = self.repository.entries(self.commit.id, folder)
        return self.listings[folder]

    def _expand(self, glob: str) -> list[str]:
        """Folders that a glob such as `projects/*` matches."""
        folders = [""]
        for pattern in glob.strip("/").split("/"):
            folders = [
                f"{folder}/{name}".lstrip("/")
                for folder in folders
                for name, entry in self._list(folder).items()
                if entry.is_folder and fnmatchcase(name, pattern)
            ]
        return folders

    def _load(self, folders: Iterable[str]) -> None:
        new = [folder for folder in dict.fromkeys(folders) if folder not in self.known]
        files = self.repository.files(self.commit.id, [f"{folder}/{unit_file.FILE_NAME}" for folder in new])
        for folder in new:
            self.known[folder] = None
            text = files.get(f"{folder}/{unit_file.FILE_NAME}")
            if text is None:
                continue
            try:
                self.known[folder] = load_unit(text, folder, self.organization)
            except ConfigurationError as problem:
                self.problems[folder] = problem

    def _deployable(self, candidates: Iterable[str]) -> list[Unit]:
        found = [unit for folder in sorted(set(candidates)) if (unit := self.known[folder])]
        units = [unit for unit in found if not unit.settings.library]
        folders_of: dict[str, list[str]] = {}
        for unit in units:
            folders_of.setdefault(unit.slug, []).append(unit.folder)
        for folders in folders_of.values():
            if len(folders) > 1:
                self._refuse_same_name(folders)
        return sorted((unit for unit in units if unit.folder not in self.problems), key=lambda unit: unit.name)

    def _refuse_same_name(self, folders: list[str]) -> None:
        """Refuse units that would share stacks: '-' and '_' are the same in a stack's name."""
        for folder in folders:
            self.problems[folder] = ConfigurationError(
                folder,
                f"has the same name as another unit ({' and '.join(folders)}): rename one of the folders.",
            )

    def _load_shared(self, units: list[Unit]) -> None:
        """Read the pyproject.toml of all shared folders, round by round as they name further ones."""
        wanted = {path for unit in units for path in unit.settings.depends_on}
        while new := wanted - self.known.keys():
            self._load(sorted(new))
            found = (self.known[path] for path in new)
            wanted |= {path for unit in found if unit for path in unit.settings.depends_on}

    def _inputs(self, unit: Unit) -> tuple[Input, ...]:
        inputs: dict[str, Input] = {}
        chains: list[tuple[str, tuple[str, ...]]] = [(unit.folder, ())]
        while chains:
            path, via = chains.pop(0)
            if path in inputs:
                continue
            entry = self._list(path.rpartition("/")[0]).get(path.rpartition("/")[2])
            if entry is None:
                self.problems[unit.folder] = _missing_input(unit, path, via)
                return ()
            inputs[path] = Input(path, entry.id, via)
            shared = self.known.get(path)
            chains += [(further, (*via, path)) for further in (shared.settings.depends_on if shared else ())]
        return tuple(inputs.values())


def _missing_input(unit: Unit, path: str, via: tuple[str, ...]) -> ConfigurationError:
    file = f"{via[-1] if via else unit.folder}/{unit_file.FILE_NAME}"
    return ConfigurationError(
        file,
        f"tool.orchestrator.depends_on = {path!r} is not valid: there is no such folder in the repository; "
        "paths count from its root, for example 'projects/shared'.",
    )
