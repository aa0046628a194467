"""Compares the units of a commit with what was promoted last, or with those of another commit."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.cli.context import Context
from orchestrator.cli.output import note
from orchestrator.errors import AccessError, ConfigurationError
from orchestrator.source.affected import LastStart, Verdict, verdicts
from orchestrator.source.catalog import Catalog
from orchestrator.source.surveyed import Surveyed

if TYPE_CHECKING:
    # Who has no trains need not wait for what tells of them.
    from orchestrator.source.demand import Standing
    from orchestrator.source.together import Called


class Compared(NamedTuple):
    """The units of a commit, compared with something.

    Attributes:
        judged: all that are affected or not valid, and perhaps others.
        called: which of them go together; None without trains.
        known: the names of units that were there.
        since: the id of the commit that they were compared with; empty where there was none, None for the ledger.
    """

    judged: Collection[Verdict]
    called: "Called | None"
    known: Iterable[str]
    since: str | None


class Comparing(NamedTuple):
    """Compares the units of a commit.

    Attributes:
        here: where the command runs.
        catalog: the units.
        bases: what is known of other commits.
        every: whether to judge those as well that are as they were.
    """

    here: Context
    catalog: Catalog
    bases: Iterable[Surveyed]
    every: bool

    def with_commit(self, since: str) -> Compared:
        """Compare with the units at a commit; where no orchestrator could have read it, all are new."""
        try:
            before = self.here.catalog(since, self.bases)
        except ConfigurationError as error:
            note(f"All units are new, because those at {since} cannot be told: {error}")
            return self._with_nothing()
        differing = None if self.every else self.catalog.surveyed.unlike(before.surveyed)
        judged = verdicts(self.catalog, starts_at(before, differing), differing)
        return Compared(judged, _called_since(self.catalog, before), before.names, before.commit.id)

    def with_ledger(self) -> Compared:
        """Compare with what the ledger saw start; with the commit before where it cannot be asked."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # See orchestrator.cli.context.

        from orchestrator.source.demand import RETIRED  # noqa: PLC0415  # It is slow, as all that asks AWS.

        here = self.here
        try:
            ledger = here.wiring.ledger
            standings = ledger.branches.standings(here.organization.repository.branch)
            called = _called(self.catalog, standings, ledger.trains.has_arrived)
        except (AccessError, ConfigurationError, ClientError, BotoCoreError) as error:
            return self._with_the_one_before(str(error))
        judged = verdicts(self.catalog, {unit: one.start for unit, one in standings.items() if one.start})
        known = [unit for unit, one in standings.items() if one.definition != RETIRED]
        return Compared(judged, called, known, None)

    def _with_the_one_before(self, reason: str) -> Compared:
        commit, why = self.catalog.commit, f"what was promoted last is not known: {reason.removesuffix('.')}."
        if not commit.parents:
            note(f"All units are new: {commit.id[:12]} is the first commit, and {why}")
            return self._with_nothing()
        before = commit.parents[0]
        note(f"Compared with the commit before, {before[:12]}, because {why} --since names another one.")
        return self.with_commit(before)

    def _with_nothing(self) -> Compared:
        return Compared(verdicts(self.catalog, {}), _called_since(self.catalog, None), (), "")


def _called_since(catalog: Catalog, before: Catalog | None) -> "Called | None":
    """What is called for together where all that is at another commit, if any, was promoted; None without trains."""
    trains = catalog.surveyed.organization.trains
    if not trains:
        return None
    from orchestrator.source.demand import Standing  # noqa: PLC0415  # See above.

    starts = starts_at(before, (unit for train in trains for unit in train.units)) if before else {}
    return _called(catalog, {unit: Standing(start) for unit, start in starts.items()}, lambda _: True)


def _called(
    catalog: Catalog, standings: "Mapping[str, Standing]", has_arrived: Callable[[str], bool]
) -> "Called | None":
    """What is called for together as units stand; None where there are no trains."""
    if not catalog.surveyed.organization.trains:
        return None
    from orchestrator.source.together import called_at  # noqa: PLC0415  # See above.

    return called_at(catalog, standings, has_arrived)


def starts_at(catalog: Catalog, units: Iterable[str] | None = None) -> dict[str, LastStart]:
    """What the ledger would hold had everything at a commit been started, of some units or of all."""
    return {
        name: LastStart(
            digest=catalog.digest(name),
            inputs={one.path: one.id for one in catalog.inputs[name]},
            commit=catalog.commit.id,
        )
        for name in (catalog.names if units is None else units)
        if name in catalog.names
    }
