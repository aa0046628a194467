"""Settle a train's wave: note what became of each member, and say what the train does next in this environment."""

from typing import TYPE_CHECKING, Literal

from orchestrator.aws.executions import describe_execution
from orchestrator.config.base import EnvironmentName
from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Part, Stage, Train
from orchestrator.steps.on_promotion_change import ChangeDetail, PromotionChange, PromotionChanged
from orchestrator.steps.train_arrival import arrival, describe
from orchestrator.steps.train_contract import TrainResult, TrainStatus, TrainStep, train_of
from orchestrator.steps.train_members import Mover
from orchestrator.trains.bom import TrainRequest
from orchestrator.trains.names import BUILD
from orchestrator.trains.policy import Move, Next, Outcome, next_move

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_WAIT_SECONDS = 15


class SettleTrainInput(TrainStep):
    """What settling a train is given."""

    environment: EnvironmentName | Literal["BUILD"]


@dataclass(frozen=True)
class TrainSettler:
    """Settles what members did.

    Args:
        ledger: keeps it.
        stepfunctions: tells how members' promotions ended.
        change: notes each such end as its event does, which may be late or lost.
    """

    ledger: Ledger
    stepfunctions: "SFNClient"
    change: PromotionChange

    def __call__(self, step: SettleTrainInput) -> TrainResult:
        """Settle one environment, or the builds.

        Returns:
            WAVE or ROLL_BACK with whom to move next; PASSED, or ARRIVED after the last environment; IN_PROGRESS while
            a member still moves; FAILED, ROLLED_BACK, SUPERSEDED or INCOMPLETE.
        """
        train = train_of(self.ledger, step.execution)
        stage = self.ledger.trains.stage(train.name, step.environment) or Stage(environment=step.environment)
        parts = {unit: self._settled(part) for unit, part in stage.parts.items()}
        stage = stage.model_copy(update={"parts": parts})
        self.ledger.trains.record_stage(train.name, stage)
        if moving := [unit for unit, part in parts.items() if part.moves]:
            message = f"{', '.join(moving)} still move."
            return TrainResult(status=TrainStatus.IN_PROGRESS, message=message, retry_after=_WAIT_SECONDS)
        return self._next(train, stage)

    def _settled(self, part: Part) -> Part:
        """A part, with the outcome of what was under way."""
        if not part.moves:
            return part
        status, outcome, message = self._look(part.moves)
        if status == "RUNNING":
            return part
        return part.model_copy(update={"outcome": _outcome(part, status, outcome), "message": message})

    def _look(self, execution: str) -> tuple[str, str, str]:
        described = describe_execution(self.stepfunctions, execution)
        if described is None:
            name = execution.split(":")[-2]
            return "FAILED", "NOT_STARTED", f"It could not be started: is there a state machine {name}? Merge the unit."
        status = str(described["status"])
        if status == "RUNNING":
            return status, "", ""
        noted = self.change(PromotionChanged(detail=ChangeDetail(executionArn=execution, status=status)))
        return status, noted.outcome, noted.message

    def _next(self, train: Train, stage: Stage) -> TrainResult:
        before = {unit: frozenset(part.after) for unit, part in stage.parts.items()}
        on_failure = TrainRequest.model_validate(train.request).on_failure
        if stage.environment == BUILD and on_failure == "roll_back":
            # A release that nobody has deployed is nothing to return from.
            on_failure = "stop"
        found = next_move(stage.waves, before, stage.outcomes, on_failure)
        if found.move is Move.WAVE:
            _, moved = Mover(self.ledger, train, stage).forth(found.units)
            message = f"{', '.join(found.units)} go to {stage.environment}."
            return TrainResult(status=TrainStatus.WAVE, message=message, members=moved)
        if found.move is Move.ROLL_BACK:
            return self._roll_back(train, stage, found.units)
        return self._end(train, stage, found)

    def _roll_back(self, train: Train, stage: Stage, units: tuple[str, ...]) -> TrainResult:
        """Return members to what last worked, unless it is what they were promoted to, or nothing ever did."""
        good = {unit: self._good(unit, stage.parts[unit]) for unit in units}
        returned = {unit: version for unit, version in good.items() if version and version != train.versions[unit]}
        kept = {unit: _kept(stage.parts[unit], good[unit]) for unit in units if unit not in returned}
        stage = stage.model_copy(update={"parts": {**stage.parts, **kept}})
        if not returned:
            self.ledger.trains.record_stage(train.name, stage)
            return self._next(train, stage)
        _, moved = Mover(self.ledger, train, stage).back(returned)
        message = f"{', '.join(returned)} return to what last worked in {stage.environment}."
        return TrainResult(status=TrainStatus.ROLL_BACK, message=message, members=moved)

    def _good(self, unit: str, part: Part) -> str | None:
        allowed = (one for one in reversed(part.good) if not self.ledger.controls.quarantine(unit, one))
        return next(allowed, None)

    def _end(self, train: Train, stage: Stage, found: Next) -> TrainResult:
        """The train is through with this environment: on to the next one, or no further."""
        left = {
            unit: part.model_copy(update={"outcome": Outcome.SKIPPED, "message": "Not promoted: see the others."})
            for unit, part in stage.parts.items()
            if part.outcome is None
        }
        stage = stage.model_copy(update={"parts": {**stage.parts, **left}})
        self.ledger.trains.record_stage(train.name, stage)
        if stage.environment == BUILD:
            self._note_built(train, stage)
        what = describe(stage)
        if found.move is not Move.PASSED:
            returned = Outcome.RETURNED in stage.outcomes.values()
            status = TrainStatus.ROLLED_BACK if returned else TrainStatus(found.move.value)
            return TrainResult(status=status, message=what)
        if stage.environment == train.environments[-1]:
            return arrival(train, self.ledger.trains.stages(train.name))
        return TrainResult(status=TrainStatus.PASSED, message=what)

    def _note_built(self, train: Train, stage: Stage) -> None:
        digests = TrainRequest.model_validate(train.request).digests
        built = [unit for unit, outcome in stage.outcomes.items() if outcome is Outcome.PROMOTED]
        found = {unit: self.ledger.releases.release_with_digest(unit, digests[unit]) for unit in built}
        self.ledger.trains.record_versions(train, {unit: one.version for unit, one in found.items() if one})


def _outcome(part: Part, status: str, outcome: str) -> Outcome:
    if part.back:
        return Outcome.RETURNED if status == "SUCCEEDED" else Outcome.RETURN_FAILED
    if outcome == "SUPERSEDED":
        return Outcome.SUPERSEDED
    return Outcome.PROMOTED if status == "SUCCEEDED" else Outcome.FAILED


def _kept(part: Part, good: str | None) -> Part:
    why = "it worked there before" if good else "nothing else ever worked there"
    return part.model_copy(update={"outcome": Outcome.KEPT, "message": f"It stays: {why}."})
