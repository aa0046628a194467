"""Finds the units of a commit, reading no more than what is not known of them yet."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.config.told import NOTHING, ROOT, Told, told
from orchestrator.errors import ConfigurationError
from orchestrator.source.candidates import candidates_after
from orchestrator.source.changes import Change
from orchestrator.source.clashes import (
    names_stack,
    refuse_idle_settings,
    refuse_nested,
    refuse_same_names,
    refuse_same_stacks,
)
from orchestrator.source.digest import Input, unit_digest
from orchestrator.source.discovery import Finder
from orchestrator.source.facts import CDK_FILE, ORGANIZATION_FILE, PYPROJECT, TEMPLATES, Facts, said_id
from orchestrator.source.reading import FactsReader, within
from orchestrator.source.repository import SourceRepository
from orchestrator.source.sharing import Sharing
from orchestrator.source.surveyed import Bar, OrganizationFacts, Surveyed, TrainFacts

if TYPE_CHECKING:
    from orchestrator.config.organization import Organization
    from orchestrator.config.trains import MergedTrain

# What makes a folder without a project a unit.
_MARKERS = (CDK_FILE, *TEMPLATES)
# In what identifies the environments, what comes before the end of stacks' names.
SUFFIXED = "+"
# Files that a glob may name, and that are no templates.
_NO_TEMPLATE = (CDK_FILE, PYPROJECT, "samconfig.toml")


@dataclass
class Survey:
    """One commit being looked at.

    Args:
        repository: where.
        commit: its id.
        text: its `orchestrator.toml`.
        base: what was found at another commit: a folder that is the same here is not read again.
        changes: what differs from there; None when that is not known.
        barred: by folder, the units that are refused; those of the base when left out.
    """

    repository: SourceRepository
    commit: str
    text: bytes
    base: Surveyed | None = None
    changes: Mapping[str, Change] | None = None
    barred: Mapping[str, Bar] | None = None
    _known: dict[str, Facts] = field(default_factory=dict)
    _trees: dict[str, str] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def surveyed(self) -> Surveyed:
        """Look at all of it."""
        self._look_into(sorted(self._candidates), _MARKERS)
        units = self._deployable()
        sharing = Sharing(self._known, self._finder.listing, self._id_of, self._told)
        self._look_into_shared(units, sharing)
        refuse_idle_settings(self._told, self._known, self._problems)
        inputs = {facts.name: found for facts in units if (found := self._inputs(facts, sharing))}
        return Surveyed(
            commit=self.commit,
            organization=self._organization,
            known=self._known,
            trees={folder: self._trees[folder] for folder in self._known if folder},
            folders={facts.name: facts.folder for facts in units if facts.name in inputs},
            inputs=inputs,
            digests={name: unit_digest(found, self._organization.built_for(name)) for name, found in inputs.items()},
            problems=self._problems,
            templates=self._templates,
            asked=frozenset(self._asked | self._finder.looked_up),
            looked_at=frozenset(self._finder.looked_at),
            candidates=None if self._finder.has_others else self._candidates,
            barred=self._barred,
        )

    @cached_property
    def _organization(self) -> OrganizationFacts:
        identity = hashlib.sha256(self.text).hexdigest()
        if self.base and self.base.organization.text == identity:
            return self.base.organization
        return _at_a_glance(self._whole, identity)

    @cached_property
    def _whole(self) -> "Organization":
        from orchestrator.config.load import load_organization  # noqa: PLC0415  # Only for what is not known yet.

        return load_organization(self.text)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self.repository, self.commit, self._organization.exclude)

    @property
    def _problems(self) -> dict[str, ConfigurationError]:
        return self._finder.problems

    @cached_property
    def _candidates(self) -> Mapping[str, str | None]:
        base, globs = self.base, self._organization.globs
        if base and base.candidates is not None and base.organization.finds_like(self._organization):
            found = (
                None if self.changes is None else candidates_after(base.candidates, self._finder, globs, self.changes)
            )
            if found is not None:
                return found
        return self._finder.find(globs)

    @cached_property
    def _templates(self) -> dict[str, str]:
        return {folder: file for folder, file in self._candidates.items() if file and file not in _NO_TEMPLATE}

    @cached_property
    def _told(self) -> Mapping[str, Told]:
        return told(self._organization.units, self._templates)

    def _id_of(self, path: str) -> str | None:
        if path in self._known:
            return self._known[path].content
        entry = self._finder.entry(path)
        return entry.id if entry else None

    def _tree_of(self, folder: str) -> str | None:
        """Git's id of a folder, which is known where it is as it was; None for what is no folder."""
        if self.base and self.changes is not None and folder in self.base.trees and folder not in self.changes:
            return self.base.trees[folder]
        entry = self._finder.entry(folder)
        return entry.id if entry and entry.is_folder else None

    def _look_into(self, folders: Iterable[str], markers: tuple[str, ...] = ()) -> None:
        """Gather the facts of folders: what is known of them, and of those that are new, from their files.

        Args:
            folders: where.
            markers: what makes a folder without a project a unit.
        """
        new = [folder for folder in dict.fromkeys(folders) if folder not in self._asked]
        self._asked.update(new)
        trees = {folder: tree for folder in new if (tree := self._tree_of(folder)) is not None}
        self._trees |= trees
        base = self.base
        if base and base.organization.reads_like(self._organization, is_candidate=bool(markers)):
            # The root has no id of its own, and changes with everything.
            same = (one for one, tree in trees.items() if one and base.trees.get(one) == tree)
            self._known |= {one: base.known[one] for one in same if base.told.get(one) == self._told.get(one)}
        unread = [folder for folder in trees if folder not in self._known]
        if unread:
            self._read(unread, markers)

    def _read(self, folders: list[str], markers: tuple[str, ...]) -> None:
        texts = self.repository.files(self.commit, [within(folder, PYPROJECT) for folder in folders])
        worth = [one for one in folders if markers or one in self._told or within(one, PYPROJECT) in texts]
        read = FactsReader(lambda: self._whole, markers)
        for folder, entries in self._finder.listings(worth).items():
            text, said = texts.get(within(folder, PYPROJECT), b""), self._told.get(folder, NOTHING)
            try:
                facts = read(folder, text, entries, said)
            except ConfigurationError as problem:
                self._problems[folder or ROOT] = problem
                continue
            if facts:
                self._known[folder] = facts

    @cached_property
    def _barred(self) -> Mapping[str, Bar]:
        """The units that are refused and still say what they are refused for."""
        given = self.barred if self.barred is not None else self.base.barred if self.base else {}
        return {folder: bar for folder, bar in given.items() if self._is_of(bar, self._known.get(folder))}

    @staticmethod
    def _is_of(bar: Bar, facts: Facts | None) -> bool:
        return facts is not None and (facts.is_unit, facts.name, facts.pipeline) == (True, bar.name, bar.pipeline)

    def _deployable(self) -> list[Facts]:
        for folder, bar in self._barred.items():
            self._problems[folder or ROOT] = ConfigurationError(folder or ROOT, bar.problem)
        # Others are not refused for what these have taken.
        units = [facts for facts in self._known.values() if facts.is_unit and facts.folder not in self._barred]
        refuse_nested(units, self._problems)
        refuse_same_names(units, self._problems)
        valid = [facts for facts in units if (facts.folder or ROOT) not in self._problems]
        # Stacks that are called as their units differ as these do.
        if SUFFIXED in self._organization.key or any(map(names_stack, valid)):
            refuse_same_stacks(valid, self._whole, self._problems)
            valid = [facts for facts in valid if (facts.folder or ROOT) not in self._problems]
        return sorted(valid, key=lambda facts: facts.name)

    def _look_into_shared(self, units: list[Facts], sharing: Sharing) -> None:
        """Gather the facts of all shared folders, round by round as they name further ones."""
        wanted = {folder for facts in units for folder in self._direct(facts.folder, sharing)}
        while new := wanted - self._asked:
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
            self._problems[facts.folder or ROOT] = problem
            return ()
        return found if facts.folder else self._of_root(facts, found)

    def _of_root(self, facts: Facts, found: tuple[Input, ...]) -> tuple[Input, ...]:
        """What a unit at the root is built from: all there but what other units are in.

        `orchestrator.toml` counts by what it says of this unit: else each change of another one's would be one of it.
        """
        others = {one.split("/")[0] for one in self._known if one and self._known[one].is_unit}
        names = [name for name in self._finder.listing("") if name not in others]
        said = said_id({"tool": {"orchestrator": self._told.get("", NOTHING).added_to({})}})
        own = [Input(name, said if name == ORGANIZATION_FILE else self._id_of(name) or "") for name in names]
        return (*own, *(one for one in found if one.path != facts.folder and one.path not in names))


def _at_a_glance(organization: "Organization", text: str) -> OrganizationFacts:
    platform = organization.lambda_
    environments = [
        f"{one.name}={','.join(map(str, one.targets))}{SUFFIXED if one.stack_suffix else ''}{one.stack_suffix}"
        for one in organization.environments
    ]
    return OrganizationFacts(
        text,
        organization.units,
        organization.exclude,
        organization.unit,
        f"{platform.python}/{platform.architecture}",
        " ".join([*environments, organization.stack_prefix, *organization.adopt.stacks]),
        tuple(map(train_facts, organization.trains)),
        organization.build.opened,
    )


def train_facts(train: "MergedTrain") -> TrainFacts:
    """What of a train it takes to tell who goes with it."""
    settings = train.model_dump(mode="json", include={"to", "on_failure"}, exclude_defaults=True)
    return TrainFacts(train.name, train.units, train.single, settings)
