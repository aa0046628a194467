"""When a branch moved, or now and then: find what its newest state calls for, and ask for what is missing.

An event only says that it is time to look. What is done follows from where the branch is and from what the ledger
knows, so events may be lost, doubled or out of order. What is missing is written down in the ledger, unit by unit; then
each such unit is named in a queue, behind which `start_promotion` does the work.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from orchestrator.config.organization import Organization
from orchestrator.config.told import ROOT
from orchestrator.errors import ConfigurationError, OrchestratorError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.check import check_catalog, check_organization
from orchestrator.guardrails.document import Guardrails, placed
from orchestrator.ledger.ledger import Ledger
from orchestrator.source.affected import Verdict, verdicts
from orchestrator.source.catalog import Catalog, barring, read_catalog
from orchestrator.source.demand import Demand, Look, Standing, is_settled, to_ask
from orchestrator.source.refs.branch import full_ref
from orchestrator.source.repository import SourceRepository
from orchestrator.source.surveyed import Surveyed
from orchestrator.source.together import Trains, broken_units
from orchestrator.steps.definitions import Definitions, UnitStackTemplate
from orchestrator.steps.merge_event import MergeEvent
from orchestrator.steps.owners import Owners
from orchestrator.steps.pushes.recorder import PushRecorder
from orchestrator.steps.scope import units_to_look_at
from orchestrator.steps.starts import Starts
from orchestrator.steps.surveys import Seen, Surveys


class AskedFor(BaseModel):
    """A unit for which something has to be done, and why."""

    model_config = ConfigDict(frozen=True)

    unit: str
    reason: str


class MergeResult(BaseModel):
    """What a look at the branch led to.

    Attributes:
        commit: where the branch is.
        message: who pushed, where the event tells it.
        is_unseen: whether the event tells of a push that the branch does not show: it has to come again.
        settled: whether nothing is left to be done for it, nor under way.
        problems: what must be mended in the repository: units that are not valid.
    """

    model_config = ConfigDict(frozen=True)

    commit: str
    message: str = ""
    is_unseen: bool = False
    settled: bool = False
    asked: tuple[AskedFor, ...] = ()
    problems: tuple[str, ...] = ()


class OvertakenError(OrchestratorError):
    """A later look at the branch has begun: it saw a newer state, and does all that is to be done."""


@dataclass(frozen=True)
class MergeHandler:
    """Looks at the branch.

    Args:
        ledger: knows what was called for and what was started.
        repository: what is merged into.
        branch: the branch whose merges count.
        template: renders a unit's stack.
        starts: the queue of units for which something has to be done.
        clock: tells the time.
        code: the version of the orchestrator; another one may define other state machines.
        surveys: what was found at the branch before.
        guardrails: reads what no merge can loosen.
        owners: knows which folders own the names of units and stacks.
    """

    ledger: Ledger
    repository: SourceRepository
    branch: str
    template: UnitStackTemplate
    starts: Starts
    clock: Callable[[], datetime]
    code: str
    surveys: Surveys
    guardrails: Callable[[], Guardrails]
    owners: Owners

    def __call__(self, event: MergeEvent) -> MergeResult:
        """Ask for a promotion of each unit that is not as it was when one was last started, and for what else is due.

        One unit's problem does not hold the others back; all problems are in the result.

        Raises:
            ConfigurationError: `orchestrator.toml` is not valid, looser than the guardrails, or too strict for anybody.
            GuardrailsMissingError: no guardrails are recorded.
            UnknownNameError: there is no such branch.
            OvertakenError: a later look has begun.
            StartsError: the queue did not take all; trying again asks for the rest.
        """
        if event.detail.branch != self.branch:
            return MergeResult(commit="")
        head = self.repository.commit(full_ref(self.branch)).id
        # First: of two pushes that one look sees, the second has somebody behind it as well.
        pushed = self._pushes(event, head)
        try:
            result = self._look(event, head, pushed.surveyed)
        except OrchestratorError as error:
            # The event has to come again for the push, whatever becomes of the look.
            if not pushed.is_unseen:
                raise
            result = MergeResult(commit=head, problems=() if isinstance(error, OvertakenError) else (str(error),))
        return result.model_copy(update={"message": pushed.message, "is_unseen": pushed.is_unseen})

    def _look(self, event: MergeEvent, head: str, known: tuple[Surveyed, ...]) -> MergeResult:
        guardrails = self.guardrails()
        # Other guardrails may lead to other state machines.
        code = f"{self.code}:{guardrails.version}"
        if self.ledger.branches.is_settled(self.branch, head, code):
            return MergeResult(commit=head, settled=True)
        run = self.ledger.branches.begin(self.branch)
        try:
            result = self._numbered_look(event, known, guardrails, code, run)
        except ConfigurationError as error:
            self.ledger.branches.note_problems(self.branch, head, [str(error)], run)
            raise
        self.ledger.branches.note_problems(self.branch, result.commit, result.problems, run)
        return result

    def _numbered_look(
        self, event: MergeEvent, known: tuple[Surveyed, ...], guardrails: Guardrails, code: str, run: int
    ) -> MergeResult:
        """Look at the branch under the number that was taken for it."""
        seen = self.surveys.seen(run - 1)
        catalog = read_catalog(self.repository, full_ref(self.branch), [*([seen.surveyed] if seen else []), *known])
        units = units_to_look_at(event, run, seen, catalog)
        check_organization(catalog.organization, guardrails)
        organization = placed(catalog.organization, guardrails.organization)
        catalog, units = self._owned(catalog, organization, units, run)
        refused = check_catalog(catalog, guardrails, units)
        standings = self.ledger.branches.standings(self.branch, units)
        look = Look(run, catalog.commit.id, self.clock())
        every = demands(catalog, Definitions(self.template, organization), units)
        wanted = {name: demand for name, demand in every.items() if name not in refused}
        trains = Trains(catalog.surveyed.organization.trains, self.ledger.trains.has_arrived)
        called = trains.call(look, wanted, broken_units(catalog, standings), standings)
        held_back = (*called.waiting, *refused)
        unknown = {*catalog.problems, *(every[unit].folder for unit in held_back)}
        asked = to_ask(look, called.wanted, unknown, standings)
        # What was not looked at may be under way, and what belongs to others may be released.
        is_refused = bool(refused or catalog.surveyed.barred)
        settled = units is None and not is_refused and is_settled(asked, standings)
        if settled:
            self.ledger.branches.settle(self.branch, catalog.commit.id, code, run)
        else:
            self._ask(asked, run, trains.of)
        # While units are refused, each look judges all of them again, so that it knows all problems.
        self.surveys.keep(Seen(0 if refused else run, catalog.surveyed))
        return MergeResult(
            commit=catalog.commit.id,
            settled=settled,
            asked=tuple(_reasons(asked, catalog, standings)),
            problems=(*map(str, (*catalog.problems.values(), *refused.values())), *called.problems),
        )

    @property
    def _pushes(self) -> PushRecorder:
        return PushRecorder(self.ledger.pushes, self.repository, self.branch, self.surveys, self.clock)

    def _owned(
        self, catalog: Catalog, organization: Organization, units: set[str] | None, run: int
    ) -> tuple[Catalog, set[str] | None]:
        """Refuse units that take what others own, and claim what the rest needs; then all units are looked at."""
        judged = self.owners.judge(catalog, organization, units, run)
        if judged and judged.bars != catalog.surveyed.barred:
            catalog, units = barring(catalog, judged.bars), None
        if judged is None or not self.owners.write(judged, catalog, run):
            raise self._overtaken
        return catalog, units

    def _ask(self, asked: list[Demand], run: int, trains: Mapping[str, str]) -> None:
        """Write down, hand on, and only then note that it was handed on: what was lost in between is found again."""
        self._write(asked, run)
        self.starts.ask(self.branch, [one.unit for one in asked], run, trains)
        now = self.clock()
        self._write([replace(one, asked_at=now) for one in asked], run)

    def _write(self, asked: list[Demand], run: int) -> None:
        if not self.ledger.branches.call_for(self.branch, asked, run):
            raise self._overtaken

    @property
    def _overtaken(self) -> OvertakenError:
        return OvertakenError(f"A later look at {self.branch} has begun, which does what is to be done.")


def demands(catalog: Catalog, definitions: Definitions, units: Collection[str] | None = None) -> dict[str, Demand]:
    """What a commit calls for, unit by unit; in some units, or in all."""
    return {
        name: Demand(
            unit=name,
            digest=catalog.digest(name),
            definition=definitions.of(facts.pipeline),
            commit=catalog.commit.id,
            folder=facts.folder or ROOT,
            pipeline=facts.pipeline,
            inputs={one.path: one.id for one in catalog.inputs[name]},
        )
        for name, facts in catalog.facts.items()
        if units is None or name in units
    }


def _reasons(asked: list[Demand], catalog: Catalog, standings: Mapping[str, Standing]) -> list[AskedFor]:
    last = {name: one.start for name, one in standings.items() if one.start}
    names = [one.unit for one in asked if one.unit in catalog.facts]
    judged = {one.unit: one for one in verdicts(catalog, last, names)}
    return [AskedFor(unit=one.unit, reason=_reason(one, judged.get(one.unit))) for one in asked]


def _reason(demand: Demand, verdict: Verdict | None) -> str:
    if demand.is_retired:
        return "it is no longer in the repository: its state machine is retired"
    train = f"; it goes with the train {demand.together.train}" if demand.together else ""
    if verdict is None or not verdict.affected:
        what = "its last train has not arrived" if train else "what its state machines are made of did"
        return f"nothing it is built from changed, but {what}{train}"
    return f"{verdict.explanation}{train}"
