"""Tells what a survey of one commit would find from that of another one and from what differs between the two.

It does so only where nothing is decided anew: the same units in the same places, which depend on the same. Where a name
came or went that something was decided by, the whole commit is surveyed.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.config.told import NOTHING
from orchestrator.errors import ConfigurationError, SourceError, UnknownNameError
from orchestrator.frozen import dataclass
from orchestrator.source.candidates import matched
from orchestrator.source.changes import Change, around, changes, listings
from orchestrator.source.clashes import names_stack
from orchestrator.source.digest import unit_digest
from orchestrator.source.facts import CDK_FILE, ORGANIZATION_FILE, PYPROJECT, TEMPLATES, Facts, content_id
from orchestrator.source.reading import FactsReader, within
from orchestrator.source.repository import Entry, Mode, SourceRepository
from orchestrator.source.surveyed import Surveyed
from orchestrator.source.unit_globs import FOLDER

if TYPE_CHECKING:
    from orchestrator.config.organization import Organization

# By these a folder becomes a unit, or another kind of unit.
_DECIDING = frozenset((PYPROJECT, CDK_FILE, *TEMPLATES))
_LEADS_ELSEWHERE = (Mode.LINK, Mode.SUBMODULE)


def differing(base: Surveyed, repository: SourceRepository, commit: str) -> Mapping[str, Change] | None:
    """What differs at a commit, as far as it matters to what there is; None when that cannot be told.

    Args:
        base: what was found at another commit.
        repository: where both are.
        commit: the commit's id.
    """
    if base.commit == commit:
        return {}
    folders = {"", *base.asked, *base.looked_at}
    for folder in tuple(folders):
        folders.update(around(folder))

    def worth(folder: str) -> bool:
        place = None if folder in folders else base.organization.looked_for.at(folder, FOLDER)
        return place is None or place.units.leads_on

    try:
        return changes(repository, base.commit, commit, worth)
    except (SourceError, UnknownNameError):
        # As after a forced push.
        return None


def successor(
    base: Surveyed, repository: SourceRepository, commit: str, found: Mapping[str, Change]
) -> Surveyed | None:
    """What a survey of a commit would find; None when that cannot be told without one.

    Args:
        base: what was found at another commit.
        repository: where both are.
        commit: the commit's id.
        found: what differs.
    """
    if base.commit == commit:
        return base
    if "" in base.asked:
        # A unit at the root changes with everything.
        return None
    if any(_decides(base, path, change) for path, change in found.items()) or _finds_others(base, found):
        return None
    return _Successor(base, repository, commit, found).surveyed()


def _decides(base: Surveyed, path: str, change: Change) -> bool:
    """Whether a change may make other units, or others' problems, of what is known to be there."""
    if path == ORGANIZATION_FILE or path in base.problems:
        return True
    folder, _, name = path.rpartition("/")
    if path in base.asked and not change.is_of_content:
        return True
    if folder in base.looked_at and not _is_of_plain_content(change):
        return True
    if folder not in base.asked or name not in _DECIDING:
        return False
    return not change.is_of_content or (name == PYPROJECT and folder not in base.known)


def _finds_others(base: Surveyed, found: Mapping[str, Change]) -> bool:
    """Whether the globs of units match what they did not match before, or the other way round."""
    return any(not _is_of_plain_content(change) for _, change in matched(found, base.organization.looked_for))


def _is_of_plain_content(change: Change) -> bool:
    return change.is_of_content and _mode(change) not in _LEADS_ELSEWHERE


def _mode(change: Change) -> Mode | None:
    return change.new.mode if change.new else None


@dataclass(frozen=True)
class _Successor:
    """A commit of which no more than what differs is looked at."""

    base: Surveyed
    repository: SourceRepository
    commit: str
    changes: Mapping[str, Change]

    def surveyed(self) -> Surveyed | None:
        """What is found there."""
        base, trees = self.base, self._changed_trees()
        fresh = self._facts(trees)
        if fresh is None:
            return None
        ids = {path: change.new.id for path, change in self.changes.items() if change.new and path not in base.known}
        ids |= {folder: facts.content for folder, facts in fresh.items()}
        inputs = {
            name: tuple(one._replace(id=ids.get(one.path, one.id)) for one in found)
            for name, found in base.inputs.items()
            if any(one.path in ids for one in found)
        }
        digests = {name: unit_digest(found, base.organization.built_for(name)) for name, found in inputs.items()}
        return replace(
            base,
            commit=self.commit,
            known={**base.known, **fresh},
            trees={**base.trees, **trees},
            inputs={**base.inputs, **inputs},
            digests={**base.digests, **digests},
        )

    def _changed_trees(self) -> dict[str, str]:
        found = ((path, change.new) for path, change in self.changes.items() if path in self.base.known)
        return {path: new.id for path, new in found if new}

    def _facts(self, trees: Mapping[str, str]) -> dict[str, Facts] | None:
        """What is known of folders that changed; None when it is no longer what others depend on."""
        files = [file for folder in trees if (file := within(folder, PYPROJECT)) in self.changes]
        texts = self.repository.files(self.commit, files) if files else {}
        found: dict[str, Facts] = {}
        for folder, entries in listings(self.repository, self.commit, trees).items():
            facts = self._one(folder, entries, texts.get(within(folder, PYPROJECT)))
            if facts is None:
                return None
            found[folder] = facts
        return found

    def _one(self, folder: str, entries: Mapping[str, Entry], text: bytes | None) -> Facts | None:
        before = self.base.known[folder]
        if text is None:
            return before._replace(content=content_id(before.said, entries))
        said = self.base.told.get(folder, NOTHING)
        read = FactsReader(lambda: self._organization)
        try:
            now = read(folder, text, entries, said)
        except ConfigurationError:
            # It is told of where all problems are found.
            return None
        return now if now and _what_others_see(now) == _what_others_see(before) else None

    @cached_property
    def _organization(self) -> "Organization":
        from orchestrator.config.load import load_organization  # noqa: PLC0415  # Only where a project file changed.

        return load_organization(self.repository.files(self.commit, [ORGANIZATION_FILE])[ORGANIZATION_FILE])


def _what_others_see(facts: Facts) -> tuple[object, ...]:
    # What is called as its unit is no other unit's stack.
    return facts.name, facts.is_unit, facts.depends_on, facts.pipeline if names_stack(facts) else ""
