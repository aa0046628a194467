"""Whether a promotion may enter an environment right now: one pure decision, and the facts that it is made of.

It is asked before a plan is made, and again before a deployment begins: whatever waited in between may have waited
for too long.
"""

from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Protocol

from orchestrator.config.windows import all_open_at
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.controls import Freeze, Hold, Quarantine
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.source.refs.merged import UnmergedError, may_enter
from orchestrator.steps.contract import Release, Status, StepInput, StepResult
from orchestrator.steps.ordering import superseded_by, superseded_message
from orchestrator.steps.origin import is_automatic

# A promotion that waits for an opening looks again after this long: three transitions in 45 minutes are one in 15.
_LONGEST_WAIT_SECONDS = 2_700
_SHORTEST_WAIT_SECONDS = 15
_QUEUE_WAIT_SECONDS = 60


class IsAlive(Protocol):
    """Tells whether an execution still runs."""

    def __call__(self, execution_id: str) -> bool:
        """Ask."""


@dataclass(frozen=True)
class Facts:
    """All that the decision depends on.

    Attributes:
        running: what runs in the environment.
        hold: the hold on the unit's environment.
        quarantine: that of the release.
        freezes: all that are in force.
        ahead: promotions of the unit that started earlier, still run and have not passed the environment; filled
            only for a unit whose promotions are queued.
        train_ended: whether the train has ended that the promotion moves a member of.
        automatic: whether nobody asked for the promotion but a merge; asked only where a hold is.
        train_differs: whether that train carries other releases than the one that led to the hold.
    """

    running: Running
    hold: Hold | None = None
    quarantine: Quarantine | None = None
    freezes: tuple[Freeze, ...] = ()
    ahead: tuple[Promotion, ...] = ()
    train_ended: bool = False
    train_differs: bool = False
    automatic: bool = False


def admit(step: StepInput, facts: Facts, now: datetime) -> StepResult | None:
    """Decide; None when nothing keeps the promotion out."""
    checks = (_superseded, _orphaned, _quarantined, _held, _frozen, _closed, _queued)
    return next((refusal for check in checks if (refusal := check(step, facts, now))), None)


def _superseded(step: StepInput, facts: Facts, _: datetime) -> StepResult | None:
    if not superseded_by(facts.running, step.execution):
        return None
    message = superseded_message(step.release, step.environment.name, facts.running.version)
    return StepResult(status=Status.SUPERSEDED, message=message)


def _orphaned(step: StepInput, facts: Facts, _: datetime) -> StepResult | None:
    if not facts.train_ended:
        return None
    message = f"The train {step.request.train} has ended: {step.release.name} goes no further."
    return StepResult(status=Status.TRAIN_ENDED, message=message)


def _quarantined(step: StepInput, facts: Facts, _: datetime) -> StepResult | None:
    if facts.quarantine is None:
        return None
    return StepResult(status=Status.QUARANTINED, message=barred(step.release, facts.quarantine))


def barred(release: Release, quarantine: Quarantine) -> str:
    """The sentence that refuses a release in quarantine."""
    return (
        f"{release.name} is in quarantine: {quarantine.reason} It goes to no environment until "
        f"'orchestrator quarantine {release.name} --lift'."
    )


def _held(step: StepInput, facts: Facts, _: datetime) -> StepResult | None:
    hold = facts.hold
    if hold is None or not facts.automatic:
        return None
    # What failed in a train may have done so because of another member: with another release of that, it is new.
    differs = step.release.version != hold.version or facts.train_differs
    if step.rules.hold == "until_newer" and step.execution.order > hold.order and differs:
        return None
    name, train = step.environment.name, step.request.train
    # One member of a train that went on alone would not be what was to go together.
    go_on = f"'orchestrator train retry {train}'" if train else f"promote {step.release.version} from {name}"
    message = (
        f"{step.release.unit} is on hold in {name}: {hold.reason} Look into it, then "
        f"'orchestrator resume {step.release.unit} {name}' and {go_on}."
    )
    return StepResult(status=Status.HELD, message=message)


def _frozen(step: StepInput, facts: Facts, now: datetime) -> StepResult | None:
    name = step.environment.name
    closing = [one for one in facts.freezes if one.closes(step.release.unit, name, now)]
    if not closing or step.request.override_freeze:
        return None
    last = max(closing, key=lambda one: one.until)
    message = f"{name} is frozen until {last.until:%Y-%m-%d %H:%M} UTC: {last.reason}"
    return StepResult(status=Status.FROZEN, message=message, retry_after=_wait(last.until, now))


def _closed(step: StepInput, _: Facts, now: datetime) -> StepResult | None:
    opening = all_open_at(step.rules.windows, now)
    if opening == now or step.request.override_freeze:
        return None
    name = step.environment.name
    if opening is None:
        message = f"{name} has deployment windows, but none of them ever opens."
        return StepResult(status=Status.FROZEN, message=message, retry_after=_LONGEST_WAIT_SECONDS)
    message = f"{name} is outside its deployment windows; the next one opens at {opening:%Y-%m-%d %H:%M} UTC."
    return StepResult(status=Status.FROZEN, message=message, retry_after=_wait(opening, now))


def _queued(step: StepInput, facts: Facts, _: datetime) -> StepResult | None:
    if not facts.ahead:
        return None
    first = min(facts.ahead, key=lambda one: one.order)
    message = f"{step.release.name} is queued for {step.environment.name} behind {first.name}, which started earlier."
    return StepResult(status=Status.QUEUED, message=message, retry_after=_QUEUE_WAIT_SECONDS)


def _wait(until: datetime, now: datetime) -> int:
    return min(_LONGEST_WAIT_SECONDS, max(_SHORTEST_WAIT_SECONDS, ceil((until - now).total_seconds())))


@dataclass(frozen=True)
class Admission:
    """Gathers the facts out of the ledger, and decides.

    Args:
        ledger: knows them.
        clock: tells the time, in UTC.
        is_alive: whether another promotion still runs.
        guardrails: reads which environments take commits that are not merged.
    """

    ledger: Ledger
    clock: Callable[[], datetime]
    is_alive: IsAlive
    guardrails: Callable[[], Guardrails]

    def __call__(self, step: StepInput) -> StepResult | None:
        """What keeps a promotion out of its environment right now, None when nothing does.

        Raises:
            UnmergedError: the release is not known to be of a merged commit, and the environment takes no others.
        """
        unit, environment = step.release.unit, step.environment.name
        running, controls = self.ledger.environments.running(unit, environment), self.ledger.controls
        self._check_merged(step, running)
        hold = controls.hold(unit, environment)
        facts = Facts(
            running=running,
            hold=hold,
            quarantine=controls.quarantine(unit, step.release.version),
            freezes=tuple(controls.freezes()),
            ahead=self._ahead(step) if step.concurrency == "queued" else (),
            train_ended=self._train_ended(step),
            train_differs=self._train_differs(step, hold),
            automatic=hold is not None and is_automatic(self.ledger, unit, step.execution.id, step.request.train),
        )
        return admit(step, facts, self.clock())

    def _check_merged(self, step: StepInput, running: Running) -> None:
        """Refuse what Resolve release would refuse now: guardrails may have changed, or nobody has asked it."""
        goes_back = step.request.rollback and step.release.version in running.good
        if goes_back or self.ledger.merges.contains(step.release):
            return
        name, where = step.release.name, step.environment.name
        allowed = frozenset(self.guardrails().organization.repository.allow_unmerged)
        if not may_enter(where, merged=False, allow_unmerged=allowed):
            raise UnmergedError(
                f"{name} is refused in {where}: it is not known to be of a merged commit, and the guardrails let no "
                f"others into {where} ([repository] allow_unmerged). Merge its commit {step.release.commit}, then "
                "promote it again: the repository is asked when a promotion begins."
            )

    def _train_ended(self, step: StepInput) -> bool:
        train = self.ledger.trains.of_member(step.request.train, step.execution.id)
        return train is not None and not self.is_alive(train.execution)

    def _train_differs(self, step: StepInput, hold: Hold | None) -> bool:
        if hold is None or hold.train is None or step.request.train is None:
            return False
        before, now = self.ledger.trains.train(hold.train), self.ledger.trains.train(step.request.train)
        return before is not None and now is not None and before.versions != now.versions

    def _ahead(self, step: StepInput) -> tuple[Promotion, ...]:
        unit, environment = step.release.unit, step.environment.name
        earlier = [
            one
            for one in self.ledger.promotions.under_way(unit)
            if one.order < step.execution.order and one.will_be_in(environment)
        ]
        return tuple(one for one in earlier if self.is_alive(one.execution))
