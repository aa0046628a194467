"""Finds the units of a commit, reading no more than what is not known of them yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.errors import ConfigurationError
from orchestrator.source.digest import Input
from orchestrator.source.facts import PYPROJECT, Facts, facts_of
from orchestrator.source.facts_cache import FactsCache, OrganizationFacts
from orchestrator.source.repository import Commit, Entry, SourceRepository
from orchestrator.source.sharing import Sharing, expand

if TYPE_CHECKING:
    from orchestrator.config.organization import Organization


@dataclass
class Survey:
    """One commit being looked at.

    Args:
        repository: where.
        commit: which.
        text: its `orchestrator.toml`.
        cache: what is known of folders that were read before.
    """

    repository: SourceRepository
    commit: Commit
    text: bytes
    cache: FactsCache
    problems: dict[str, ConfigurationError] = field(default_factory=dict)
    listings: dict[str, Mapping[str, Entry]] = field(default_factory=dict)
    known: dict[str, Facts] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    """Every folder that was looked into, also those without a pyproject.toml."""

    def units(self) -> tuple[Mapping[str, Facts], Mapping[str, tuple[Input, ...]]]:
        """What is known of each deployable unit, and what it is built from; the rest has a problem."""
        self._look_into(self._candidates())
        units = self._deployable()
        sharing = Sharing(self.known, self._list, self._id_of)
        self._look_into_shared(units, sharing)
        inputs = {facts.name: found for facts in units if (found := self._inputs(facts, sharing))}
        return {facts.name: facts for facts in units if facts.name in inputs}, inputs

    @cached_property
    def organization(self) -> OrganizationFacts:
        """What it takes to find and digest the units."""
        return self.cache.organization(self.text, lambda _: _at_a_glance(self._whole))

    @cached_property
    def _whole(self) -> "Organization":
        from orchestrator.config.load import load_organization  # noqa: PLC0415  # Only for what is not known yet.

        return load_organization(self.text)

    def _list(self, folder: str) -> Mapping[str, Entry]:
        if folder not in self.listings:
            self.listings[folder] = self.repository.folders(self.commit.id, [folder]).get(folder, {})
        return self.listings[folder]

    def _entry(self, path: str) -> Entry | None:
        parent, _, name = path.rpartition("/")
        return self._list(parent).get(name)

    def _id_of(self, path: str) -> str | None:
        if path in self.known:
            return self.known[path].content
        entry = self._entry(path)
        return entry.id if entry else None

    def _candidates(self) -> list[str]:
        return sorted({folder for glob in self.organization.globs for folder in expand(glob, self._folders)})

    def _folders(self, folder: str) -> list[str]:
        return [name for name, entry in self._list(folder).items() if entry.is_folder]

    def _look_into(self, folders: Iterable[str]) -> None:
        """Gather the facts of folders: from the cache, and of those that are new there, from their files."""
        new = [folder for folder in dict.fromkeys(folders) if folder not in self.asked]
        self.asked.update(new)
        trees = {folder: entry.id for folder in new if (entry := self._entry(folder)) and entry.is_folder}
        self.known |= self.cache.folders(self.organization, trees.items())
        unread = [folder for folder in trees if folder not in self.known]
        if unread:
            self._read(unread, trees)

    def _read(self, folders: list[str], trees: Mapping[str, str]) -> None:
        from orchestrator.config.load import parse_toml, unit_of  # noqa: PLC0415  # Only for what is new.

        texts = self.repository.files(self.commit.id, [f"{folder}/{PYPROJECT}" for folder in folders])
        found = [folder for folder in folders if f"{folder}/{PYPROJECT}" in texts]
        listings = self.repository.folders(self.commit.id, found)
        for folder in found:
            file = f"{folder}/{PYPROJECT}"
            try:
                document = parse_toml(texts[file], file)
                unit = unit_of(document, folder, self._whole)
            except ConfigurationError as problem:
                self.problems[folder] = problem
                continue
            self.known[folder] = facts_of(unit, self._whole, document, listings[folder])
            self.cache.add(self.organization, trees[folder], self.known[folder])

    def _deployable(self) -> list[Facts]:
        units = [facts for facts in self.known.values() if facts.is_unit]
        folders_of: dict[str, list[str]] = {}
        for facts in units:
            folders_of.setdefault(facts.name.replace("_", "-"), []).append(facts.folder)
        for folders in folders_of.values():
            if len(folders) > 1:
                self._refuse_same_name(folders)
        return sorted((facts for facts in units if facts.folder not in self.problems), key=lambda facts: facts.name)

    def _refuse_same_name(self, folders: list[str]) -> None:
        """Refuse units that would share stacks: '-' and '_' are the same in a stack's name."""
        for folder in folders:
            self.problems[folder] = ConfigurationError(
                folder,
                f"has the same name as another unit ({' and '.join(folders)}): rename one of the folders.",
            )

    def _look_into_shared(self, units: list[Facts], sharing: Sharing) -> None:
        """Gather the facts of all shared folders, round by round as they name further ones."""
        wanted = {folder for facts in units for folder in self._direct(facts.folder, sharing)}
        while new := wanted - self.asked:
            self._look_into(sorted(new))
            wanted |= {folder for one in new for folder in self._direct(one, sharing)}

    @staticmethod
    def _direct(folder: str, sharing: Sharing) -> list[str]:
        try:
            return sharing.direct(folder)
        except ConfigurationError:
            # It is told of the units that need the folder.
            return []

    def _inputs(self, facts: Facts, sharing: Sharing) -> tuple[Input, ...]:
        try:
            return sharing.inputs(facts.folder)
        except ConfigurationError as problem:
            self.problems[facts.folder] = problem
            return ()


def _at_a_glance(organization: "Organization") -> OrganizationFacts:
    platform = organization.lambda_
    environments = [f"{one.name}={','.join(map(str, one.targets))}" for one in organization.environments]
    return OrganizationFacts(organization.units, f"{platform.python}/{platform.architecture}", " ".join(environments))
