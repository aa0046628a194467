"""Claims: the folder that first used a unit's name or a stack keeps it, and the unit that others take it for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.config.told import ROOT
from orchestrator.config.unit import slug_of, unit_for
from orchestrator.frozen import dataclass
from orchestrator.source.clashes import places
from orchestrator.source.demand import Standing
from orchestrator.source.facts import Facts

if TYPE_CHECKING:
    from orchestrator.config.environment import Environment
    from orchestrator.config.organization import Organization


@dataclass(frozen=True)
class Claim:
    """What a folder owns by having used it first: a unit's name, and the stacks of that unit.

    Attributes:
        name: the unit's.
        folder: where the unit is; `.` is the root.
        stacks: each as account, region and name, such as `222222222222/eu-west-1/app-orders`.
        former: the folders that owned the name before.
        vacant: the commit at which no unit was left in the folder; empty while there is one.
    """

    name: str
    folder: str
    stacks: frozenset[str] = frozenset()
    former: tuple[str, ...] = ()
    vacant: str = ""

    @property
    def slug(self) -> str:
        """The name as stacks have it: names that differ in '-' and '_' alone are one."""
        return slug_of(self.name)

    def may_be_built_from(self, inputs: Collection[str]) -> bool:
        """Whether a release that was built from some folders and files is one of the unit."""
        return ROOT in (self.folder, *self.former) or not {self.folder, *self.former}.isdisjoint(inputs)


def foreign_stack(claim: Claim | None, unit: str, stack: str, environment: "Environment") -> str:
    """Say that a stack is not a unit's in an environment; empty where it is.

    One target is enough: the environment may have got another one since the last merge.

    Args:
        claim: the unit's, None where nothing was claimed for it.
        unit: its name.
        stack: the stack's name.
        environment: as the guardrails have it.
    """
    if claim and any(f"{target}/{stack}" in claim.stacks for target in environment.targets):
        return ""
    return (
        f"{stack} is not a stack of {unit} in {environment.name}: a unit has the stacks that a merge has claimed for "
        "it. Merge the unit with this stack_name, or have 'orchestrator merge' look at the branch again."
    )


def wanted(facts: Facts, organization: "Organization") -> Claim:
    """What a unit at a commit needs to own."""
    stacks = frozenset(f"{place.target}/{place.stack}" for place in places(facts, organization))
    return Claim(facts.name, facts.folder or ROOT, stacks)


def first_claims(standings: Mapping[str, Standing], organization: "Organization") -> list[Claim]:
    """The claims of units that were promoted before there were claims; of two with one slug, the one that is there.

    Args:
        standings: by unit, what the ledger knows of it.
        organization: what names its stacks.
    """
    claims: dict[str, Claim] = {}
    demands = [one.demand for one in standings.values() if one.demand and one.demand.folder]
    for demand in sorted(demands, key=lambda one: one.is_retired):
        unit = unit_for(demand.unit, demand.pipeline)
        stacks = frozenset(
            f"{target}/{unit.stack_name(name, organization)}"
            for name in unit.environments(organization)
            for target in organization.environment(name).targets
        )
        vacant = demand.commit if demand.is_retired else ""
        claims.setdefault(unit.slug, Claim(unit.name, demand.folder, stacks, vacant=vacant))
    return list(claims.values())


@dataclass(frozen=True)
class Claims:
    """Claims as they were before a look at a branch, and the state of the folders at the commit that is looked at.

    Args:
        known: all claims that matter.
        folders: those in which a unit is, or something that is not valid and may be meant as one.
        deleted: units of which nothing is left: their stacks were deleted.
    """

    known: Collection[Claim]
    folders: Collection[str]
    deleted: Collection[str] = field(default=())

    @cached_property
    def by_slug(self) -> Mapping[str, Claim]:
        """Claims by what the stack of a unit's state machines is called after."""
        return {claim.slug: claim for claim in self.known}

    @cached_property
    def _by_stack(self) -> Mapping[str, Claim]:
        return {stack: claim for claim in self.known for stack in claim.stacks}

    def refusal(self, need: Claim) -> str:
        """Why a unit may not have its name or its stacks; empty when it may.

        Args:
            need: what it needs to own.
        """
        owner = self.by_slug.get(need.slug)
        if owner and not self._is_free(owner, need.folder):
            return f"the name {need.name!r}, with the state machine promote-{owner.name}, {_belongs(owner)}"
        taken = {stack: claim for stack in sorted(need.stacks) if (claim := self._by_stack.get(stack))}
        for stack, claim in taken.items():
            if not self._is_free(claim, need.folder):
                target, _, name = stack.rpartition("/")
                return f"the stack {name} of {target} {_belongs(claim)}"
        return ""

    def _is_free(self, claim: Claim, folder: str) -> bool:
        """Whether a folder may take what was claimed: its own, what left its folder in this commit, or nobody's."""
        if claim.vacant and claim.name in self.deleted:
            return True
        return claim.folder == folder or not (claim.vacant or claim.folder in self.folders)

    def changes(self, needs: Iterable[Claim], commit: str) -> list[Claim]:
        """Claims to write: of units that are new, moved or have other stacks; last, those whose folders became empty.

        Args:
            needs: what all units that are valid need to own.
            commit: the one that is looked at.
        """
        claims = dict(self.by_slug)
        for need in needs:
            claims[need.slug] = _claimed(need, claims.get(need.slug))
            for other in {claim.slug: claim for stack in need.stacks if (claim := self._by_stack.get(stack))}.values():
                if other.slug != need.slug:
                    current = claims[other.slug]
                    claims[other.slug] = replace(current, stacks=current.stacks - need.stacks)
        emptied = {
            slug: replace(claim, vacant=commit)
            for slug, claim in claims.items()
            if claim.folder not in self.folders and not claim.vacant
        }
        changed = [claim for slug, claim in claims.items() if slug not in emptied and claim != self.by_slug.get(slug)]
        return [*changed, *emptied.values()]


def _claimed(need: Claim, before: Claim | None) -> Claim:
    """A claim with what a unit needs added; it keeps the stacks that it had, which may still be there."""
    if before is None:
        return need
    former = dict.fromkeys((*(() if before.folder == need.folder else (before.folder,)), *before.former))
    return Claim(
        need.name,
        need.folder,
        before.stacks | need.stacks,
        tuple(one for one in former if one != need.folder),
    )


def _belongs(claim: Claim) -> str:
    since = f", which was removed at {claim.vacant[:12]}" if claim.vacant else ""
    return f"belongs to the unit {claim.name!r} in {claim.folder}{since}"
