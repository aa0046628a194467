"""What a repository holds at one commit: the organization, its units, and what every unit is made of."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.config.told import NOTHING, Told
from orchestrator.errors import ConfigurationError, UnknownNameError
from orchestrator.frozen import dataclass
from orchestrator.source.digest import Input
from orchestrator.source.facts import ORGANIZATION_FILE, PYPROJECT, Facts
from orchestrator.source.reading import within
from orchestrator.source.repository import Commit, SourceRepository
from orchestrator.source.successor import differing, successor
from orchestrator.source.survey import Survey
from orchestrator.source.surveyed import Bar, Surveyed

if TYPE_CHECKING:
    # What is affected is answered without the configuration's models, which take long to import.
    from orchestrator.config.organization import Organization
    from orchestrator.config.unit import Unit


@dataclass(frozen=True)
class Catalog:
    """The units of a repository at one commit. A unit's whole configuration is read when it is asked for.

    Attributes:
        repository: where it was read.
        commit: the commit that was read.
        surveyed: what was found there.
    """

    repository: SourceRepository
    commit: Commit
    surveyed: Surveyed
    _loaded: dict[str, "Unit"] = field(default_factory=dict)

    @cached_property
    def organization(self) -> "Organization":
        """The accounts and environments."""
        from orchestrator.config.load import load_organization  # noqa: PLC0415  # See above.

        return load_organization(_organization_file(self.repository, self.commit.id))

    @property
    def names(self) -> Collection[str]:
        """Of every deployable unit, in order."""
        return self.surveyed.folders.keys()

    @cached_property
    def facts(self) -> Mapping[str, Facts]:
        """What is known of every deployable unit, by name, in order of name."""
        return {name: self.known[folder] for name, folder in self.surveyed.folders.items()}

    @property
    def known(self) -> Mapping[str, Facts]:
        """By folder, what is known of it, shared code included."""
        return self.surveyed.known

    @property
    def told(self) -> Mapping[str, Told]:
        """By folder, what `orchestrator.toml` says of single units."""
        return self.surveyed.told

    @property
    def inputs(self) -> Mapping[str, tuple[Input, ...]]:
        """By unit, the folders it is built from; the unit's own folder comes first."""
        return self.surveyed.inputs

    @property
    def problems(self) -> Mapping[str, ConfigurationError]:
        """By folder, why what looks like a unit cannot be promoted. The other units are not affected."""
        return self.surveyed.problems

    @property
    def units(self) -> Mapping[str, "Unit"]:
        """Every deployable unit by name, in order of name."""
        self._load(self.names)
        return {name: self._loaded[name] for name in self.names}

    def unit(self, name: str) -> "Unit":
        """Look a unit up by name; raises as `require`."""
        self.require(name)
        self._load([name])
        return self._loaded[name]

    def require(self, name: str) -> None:
        """Check that there is a unit of a name.

        Raises:
            ConfigurationError: the unit is there, but its configuration is not valid.
            UnknownNameError: there is no such unit.
        """
        if name in self.surveyed.folders:
            return
        for folder, problem in self.problems.items():
            if name in (folder, self.surveyed.called(folder)):
                raise problem
        globs = ", ".join(self.surveyed.organization.globs)
        hint = f"Units are looked for at {globs}, by a pyproject.toml or a template."
        raise UnknownNameError("unit", name, list(self.names), hint)

    def digest(self, name: str) -> str:
        """The digest of a unit: equal digests mean equal releases."""
        return self.surveyed.digests[name]

    def hosts(self, name: str) -> tuple[str, ...]:
        """The hosts that the commit's `orchestrator.toml` opens to a unit's code while it is built."""
        return self.surveyed.organization.network.of(name)

    def _load(self, names: Iterable[str]) -> None:
        """Read the configurations that were not read yet, with one call."""
        from orchestrator.config.load import parse_toml, unit_of  # noqa: PLC0415  # See above.
        from orchestrator.config.versions import PACKAGE_JSON, package_version  # noqa: PLC0415  # See above.

        files = {name: within(self.surveyed.folders[name], PYPROJECT) for name in names if name not in self._loaded}
        if not files:
            return
        packages = {name: within(self.surveyed.folders[name], PACKAGE_JSON) for name in files}
        texts = self.repository.files(self.commit.id, [*files.values(), *packages.values()])
        for name, file in files.items():
            folder = self.surveyed.folders[name]
            document = parse_toml(texts.get(file, ""), file)
            told = self.told.get(folder, NOTHING)
            version = package_version(texts.get(packages[name])) or day_of(self.commit)
            self._loaded[name] = unit_of(document, folder, self.organization, told, version)


def read_catalog(repository: SourceRepository, revision: str, bases: Iterable[Surveyed] = ()) -> Catalog:
    """Find the organization and all its units with a handful of calls, however many units there are.

    Args:
        repository: where to look.
        revision: branch, tag or commit.
        bases: what was found at other commits, or at this one: only what is new is looked at then. No more of them is
            taken than the first that is of this commit.

    Raises:
        ConfigurationError: `orchestrator.toml` is missing or not valid. A unit's own problems are listed instead.
        UnknownNameError: there is no such revision.
    """
    commit = repository.commit(revision)
    return Catalog(repository, commit, survey(repository, commit.id, bases))


def survey(repository: SourceRepository, commit: str, bases: Iterable[Surveyed] = ()) -> Surveyed:
    """What `read_catalog` finds, without looking the commit up where its id is known.

    Args:
        repository: where to look.
        commit: full id.
        bases: as for `read_catalog`.

    Raises:
        ConfigurationError: as `read_catalog`.
        SourceError: there is no such commit, or it cannot be read.
    """
    base = _nearest(commit, bases)
    changes = differing(base, repository, commit) if base else None
    found = successor(base, repository, commit, changes) if base and changes is not None else None
    return found or Survey(repository, commit, _organization_file(repository, commit), base, changes).surveyed()


def barring(catalog: Catalog, bars: Mapping[str, Bar]) -> Catalog:
    """The same commit, where some units are refused and others no longer clash with them.

    Args:
        catalog: what was read.
        bars: by folder, the units that are refused; no others are.
    """
    text = _organization_file(catalog.repository, catalog.commit.id)
    surveyed = Survey(catalog.repository, catalog.commit.id, text, catalog.surveyed, {}, bars).surveyed()
    return Catalog(catalog.repository, catalog.commit, surveyed)


def _nearest(commit: str, bases: Iterable[Surveyed]) -> Surveyed | None:
    """What was found at a commit; else what comes first."""
    first = None
    for one in bases:
        if one.commit == commit:
            return one
        first = first or one
    return first


def _organization_file(repository: SourceRepository, commit: str) -> bytes:
    text = repository.files(commit, [ORGANIZATION_FILE]).get(ORGANIZATION_FILE)
    if text is None:
        raise ConfigurationError(
            ORGANIZATION_FILE,
            f"is missing at the root of the repository at commit {commit[:12]}: commit it there. "
            "'orchestrator init' drafts one.",
        )
    return text


def day_of(commit: Commit) -> str:
    """The version of a release whose unit declares none: every host tells the day of a commit, also of a single one."""
    day = commit.committed_at.astimezone(UTC)
    return f"{day.year}.{day.month}.{day.day}"
