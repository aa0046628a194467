"""Refuses units that take others' names and stacks, and notes in the ledger which folder owns what."""

from collections.abc import Collection, Mapping
from functools import cached_property

from orchestrator.config.organization import Organization
from orchestrator.config.told import ROOT
from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ownership.claims import Claim, Claims, first_claims, wanted
from orchestrator.ownership.rules import NameRules, misplaced
from orchestrator.source.catalog import Catalog
from orchestrator.source.facts import Facts
from orchestrator.source.surveyed import Bar


@dataclass(frozen=True)
class Owners:
    """Judges what a look at a branch sees.

    Args:
        ledger: keeps the claims.
        branch: the branch that is looked at.
    """

    ledger: Ledger
    branch: str

    def judge(
        self, catalog: Catalog, organization: Organization, units: Collection[str] | None, run: int
    ) -> "Judged | None":
        """Judge the units that a look is about; None when a later look has begun.

        Args:
            catalog: the repository at the commit that is looked at.
            organization: its accounts and environments, as the guardrails have them.
            units: names of the units, some of which may be gone; None for all.
            run: the look's number.
        """
        facts = _judged_facts(catalog, units)
        needs = {folder: wanted(one, organization) for folder, one in facts.items()}
        if not self.ledger.claims.begun and not self._begin(organization, run):
            return None
        some = None if units is None else self._some(units, catalog, needs)
        rules = tuple(organization.unit_folders.items())
        return Judged(facts, needs, rules, self._all(catalog) if some is None else some)

    def write(self, judged: "Judged", catalog: Catalog, run: int) -> bool:
        """Claim what units need that are valid; False when a later look has begun."""
        valid = set(catalog.surveyed.folders.values())
        needs = [need for folder, need in judged.needs.items() if folder in valid]
        changes = judged.claims.changes(needs, catalog.commit.id)
        return not changes or self.ledger.claims.write(changes, self.branch, run)

    def _begin(self, organization: Organization, run: int) -> bool:
        """Claim for the units that were promoted before there were claims what they have."""
        claims = first_claims(self.ledger.branches.standings(self.branch), organization)
        return self.ledger.claims.write(claims, self.branch, run) and self.ledger.claims.begin(self.branch, run)

    def _some(self, units: Collection[str], catalog: Catalog, needs: Mapping[str, Claim]) -> Claims | None:
        """The claims of some units, where each has all that it needs; None where all claims have to be known."""
        if catalog.surveyed.barred or any(unit not in catalog.names for unit in units):
            return None
        known = self.ledger.claims.of_units(units)
        claims = {claim.slug: claim for claim in known}
        is_covered = all(_covers(claims.get(need.slug), need) for need in needs.values())
        return Claims(known, _folders(catalog)) if is_covered else None

    def _all(self, catalog: Catalog) -> Claims:
        known = self.ledger.claims.all()
        vacant = [claim.name for claim in known if claim.vacant]
        standing = self.ledger.branches.standings(self.branch, vacant) if vacant else {}
        return Claims(known, _folders(catalog), frozenset(vacant) - standing.keys())


@dataclass(frozen=True)
class Judged:
    """The units of a look, and the claims that they are judged by.

    Attributes:
        facts: by folder, the units.
        needs: by folder, what they need to own.
        rules: guardrails on names.
        claims: as they were before the look.
    """

    facts: Mapping[str, Facts]
    needs: Mapping[str, Claim]
    rules: NameRules
    claims: Claims

    @cached_property
    def bars(self) -> dict[str, Bar]:
        """By folder, the units that are refused."""
        found = ((folder, self._problem(folder)) for folder in self.facts)
        return {
            folder: Bar(self.facts[folder].name, self.facts[folder].pipeline, problem)
            for folder, problem in found
            if problem
        }

    def _problem(self, folder: str) -> str:
        name = self.facts[folder].name
        if folders := misplaced(name, folder, self.rules):
            return (
                f"may not be called {name!r}: a guardrail keeps that name for units in {folders}. Give this unit "
                "another name with tool.orchestrator.name, or ask an administrator to change the guardrail "
                "'unit_folders'."
            )
        if reason := self.claims.refusal(self.needs[folder]):
            return (
                f"is refused: {reason}. Give it another name with tool.orchestrator.name, or another stack_name. "
                "A name and its stacks may move to another folder in the commit that removes the unit from the old "
                "one; else an administrator has to release the owner's first: 'orchestrator guardrails release UNIT'."
            )
        return ""


def _judged_facts(catalog: Catalog, units: Collection[str] | None) -> dict[str, Facts]:
    """The units that a look is about by folder, also those that others are in the way of."""
    surveyed = catalog.surveyed
    if units is None:
        return {folder: facts for folder, facts in surveyed.known.items() if facts.is_unit}
    folders = {surveyed.folders[unit] for unit in units if unit in surveyed.folders} | surveyed.barred.keys()
    return {folder: surveyed.known[folder] for folder in folders}


def _folders(catalog: Catalog) -> frozenset[str]:
    """The folders in which a unit is, or something that is not valid and may be meant as one."""
    units = (folder or ROOT for folder, facts in catalog.known.items() if facts.is_unit)
    return frozenset((*units, *catalog.problems))


def _covers(claim: Claim | None, need: Claim) -> bool:
    return claim is not None and (claim.folder, claim.vacant) == (need.folder, "") and need.stacks <= claim.stacks
