"""Finds the units of a commit, reading no more than what is not known of them yet."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestrator.config.told import NOTHING, ROOT, Told, told
from orchestrator.errors import ConfigurationError
from orchestrator.source.clashes import refuse_idle_settings, refuse_nested, refuse_same_names
from orchestrator.source.digest import Input
from orchestrator.source.discovery import Finder
from orchestrator.source.facts import CDK_FILE, ORGANIZATION_FILE, PYPROJECT, Facts, content_id, facts_of
from orchestrator.source.facts_cache import FactsCache, OrganizationFacts
from orchestrator.source.repository import Commit, Entry, Mode, SourceRepository
from orchestrator.source.sharing import Sharing

if TYPE_CHECKING:
    from orchestrator.config.organization import Organization

TEMPLATES = ("template.yaml", "template.yml", "template.json")
"""What a template is called that no setting names, in the order in which they are looked for."""
# What makes a folder without a project a unit.
_MARKERS = (CDK_FILE, *TEMPLATES)
# Files that a glob may name, and that are no templates.
_NO_TEMPLATE = (None, CDK_FILE, PYPROJECT, "samconfig.toml")


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
    known: dict[str, Facts] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    """Every folder that was looked into, also those of which there is nothing to know."""

    def units(self) -> tuple[Mapping[str, Facts], Mapping[str, tuple[Input, ...]]]:
        """What is known of each deployable unit, and what it is built from; the rest has a problem."""
        self._look_into(sorted(self._candidates), _MARKERS)
        units = self._deployable()
        sharing = Sharing(self.known, self.finder.listing, self._id_of, self.told)
        self._look_into_shared(units, sharing)
        refuse_idle_settings(self.told, self.known, self.problems)
        inputs = {facts.name: found for facts in units if (found := self._inputs(facts, sharing))}
        return {facts.name: facts for facts in units if facts.name in inputs}, inputs

    @cached_property
    def organization(self) -> OrganizationFacts:
        """What it takes to find and digest the units."""
        return self.cache.organization(self.text, lambda _: _at_a_glance(self._whole))

    @cached_property
    def finder(self) -> Finder:
        """Looks for units."""
        return Finder(self.repository, self.commit.id, self.organization.exclude)

    @property
    def problems(self) -> dict[str, ConfigurationError]:
        """By folder, why what looks like a unit cannot be promoted."""
        return self.finder.problems

    @cached_property
    def told(self) -> Mapping[str, Told]:
        """By folder, what `orchestrator.toml` says of single units."""
        named = {folder: file for folder, file in self._candidates.items() if file not in _NO_TEMPLATE}
        return told(self.organization.units, named)

    @cached_property
    def _candidates(self) -> Mapping[str, str | None]:
        return self.finder.find(self.organization.globs)

    @cached_property
    def _whole(self) -> "Organization":
        from orchestrator.config.load import load_organization  # noqa: PLC0415  # Only for what is not known yet.

        return load_organization(self.text)

    def _entry(self, path: str) -> Entry | None:
        if not path:
            return Entry("", Mode.FOLDER)
        parent, _, name = path.rpartition("/")
        return self.finder.listing(parent).get(name)

    def _id_of(self, path: str) -> str | None:
        if path in self.known:
            return self.known[path].content
        entry = self._entry(path)
        return entry.id if entry else None

    def _look_into(self, folders: Iterable[str], markers: tuple[str, ...] = ()) -> None:
        """Gather the facts of folders: from the cache, and of those that are new there, from their files.

        Args:
            folders: where.
            markers: what makes a folder without a project a unit.
        """
        new = [folder for folder in dict.fromkeys(folders) if folder not in self.asked]
        self.asked.update(new)
        trees = {
            folder: f"{entry.id}{_identity(self.told.get(folder))}"
            for folder in new
            if (entry := self._entry(folder)) and entry.is_folder
        }
        # The root has no id of its own, and changes with everything.
        self.known |= self.cache.folders(self.organization, ((one, tree) for one, tree in trees.items() if one))
        unread = [folder for folder in trees if folder not in self.known]
        if unread:
            self._read(unread, trees, markers)

    def _read(self, folders: list[str], trees: Mapping[str, str], markers: tuple[str, ...]) -> None:
        texts = self.repository.files(self.commit.id, [within(folder, PYPROJECT) for folder in folders])
        worth = [one for one in folders if markers or one in self.told or within(one, PYPROJECT) in texts]
        if not worth:
            return
        from orchestrator.config.load import parse_toml  # noqa: PLC0415  # Only for what is new.

        for folder, entries in self.finder.listings(worth).items():
            file = within(folder, PYPROJECT)
            try:
                facts = self._facts(folder, parse_toml(texts.get(file, ""), file), entries, markers)
            except ConfigurationError as problem:
                self.problems[folder or ROOT] = problem
                continue
            if facts:
                self.known[folder] = facts
                self.cache.add(self.organization, trees[folder], facts)

    def _facts(
        self, folder: str, document: dict[str, Any], entries: Mapping[str, Entry], markers: tuple[str, ...]
    ) -> Facts | None:
        """The facts of a folder; None when it is none of a unit nor of shared code that says something."""
        from orchestrator.config.load import is_project, unit_of  # noqa: PLC0415  # Only for what is new.

        said = self.told.get(folder, NOTHING)
        own = document.get("tool", {}).get("orchestrator", {})
        settings = said.added_to(own)
        is_marked = any(name in entries and not entries[name].is_folder for name in markers)
        if not (is_project(document) or own or is_marked or settings.get("library") or "template" in settings):
            return None
        unit = unit_of(document, folder, self._whole, said)
        tools = {**document.get("tool", {}), "orchestrator": settings}
        return facts_of(unit, self._whole, {**document, "tool": tools}, entries)

    def _deployable(self) -> list[Facts]:
        units = [facts for facts in self.known.values() if facts.is_unit]
        refuse_nested(units, self.problems)
        refuse_same_names(units, self.problems)
        valid = (facts for facts in units if (facts.folder or ROOT) not in self.problems)
        return sorted(valid, key=lambda facts: facts.name)

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
            found = sharing.inputs(facts.folder)
        except ConfigurationError as problem:
            self.problems[facts.folder or ROOT] = problem
            return ()
        return found if facts.folder else self._of_root(facts, found)

    def _of_root(self, facts: Facts, found: tuple[Input, ...]) -> tuple[Input, ...]:
        """What a unit at the root is built from: all there but what other units are in.

        `orchestrator.toml` counts by what it says of this unit: else each change of another one's would be one of it.
        """
        others = {one.split("/")[0] for one in self.known if one and self.known[one].is_unit}
        names = [name for name in self.finder.listing("") if name not in others]
        said = content_id({"tool": {"orchestrator": self.told.get("", NOTHING).added_to({})}}, {})
        own = [Input(name, said if name == ORGANIZATION_FILE else self._id_of(name) or "") for name in names]
        return (*own, *(one for one in found if one.path != facts.folder and one.path not in names))


def within(folder: str, name: str) -> str:
    """A file of a folder, which may be the root."""
    return f"{folder}/{name}" if folder else name


def _identity(said: Told | None) -> str:
    """What identifies what is said of a folder, beside the folder itself."""
    return "" if said is None else json.dumps([said.settings, said.template], sort_keys=True, default=str)


def _at_a_glance(organization: "Organization") -> OrganizationFacts:
    platform = organization.lambda_
    environments = [f"{one.name}={','.join(map(str, one.targets))}" for one in organization.environments]
    return OrganizationFacts(
        organization.units,
        organization.exclude,
        organization.unit,
        f"{platform.python}/{platform.architecture}",
        " ".join(environments),
    )
