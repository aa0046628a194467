"""What became of a train: in one environment, and in the end."""

from collections.abc import Mapping

from orchestrator.ledger.trains import Stage, Train
from orchestrator.steps.train_contract import TrainResult, TrainStatus
from orchestrator.trains.names import BUILD
from orchestrator.trains.policy import LOST, Outcome


def lost_members(stages: Mapping[str, Stage]) -> frozenset[str]:
    """The members that a train has lost on its way."""
    return frozenset(unit for one in stages.values() for unit, outcome in one.outcomes.items() if outcome in LOST)


def describe(stage: Stage) -> str:
    """What became of a train in one environment, in a sentence for each kind of outcome."""
    is_build = stage.environment == BUILD
    where, words = ("their builds", _WORDS | {Outcome.PROMOTED: "built"}) if is_build else (stage.environment, _WORDS)
    by_outcome = {kind: [unit for unit, one in stage.outcomes.items() if one is kind] for kind in Outcome}
    said = [f"{', '.join(units)} {words[kind]}" for kind, units in by_outcome.items() if units]
    failed = [f"{unit}: {part.message}" for unit, part in stage.parts.items() if part.outcome is Outcome.FAILED]
    return " ".join([f"In {where}: {'; '.join(said)}.", *failed])


_WORDS = {
    Outcome.PROMOTED: "passed",
    Outcome.FAILED: "failed",
    Outcome.SUPERSEDED: "superseded",
    Outcome.SKIPPED: "not promoted",
    Outcome.RETURNED: "returned to what last worked",
    Outcome.KEPT: "kept",
    Outcome.RETURN_FAILED: "could not be returned",
}


def arrival(train: Train, stages: Mapping[str, Stage]) -> TrainResult:
    """How a train ends that is through with its last environment."""
    lost = [describe(one) for one in stages.values() if lost_members({"": one})]
    if lost:
        return TrainResult(status=TrainStatus.INCOMPLETE, message=" ".join(lost))
    return TrainResult(status=TrainStatus.ARRIVED, message=f"All of {train.name} is in {train.environments[-1]}.")
