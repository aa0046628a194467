"""What goes into a train's steps and what comes out of them; the train itself is in the ledger."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.errors import RequestError
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Train
from orchestrator.steps.contract import Document, Execution
from orchestrator.trains import names


class TrainStatus(StrEnum):
    """Every status that a train's step may return; a Choice state acts on each."""

    BUILD = "BUILD"
    READY = "READY"
    PLANNED = "PLANNED"
    GATED = "GATED"
    SKIPPED = "SKIPPED"
    WAVE = "WAVE"
    ROLL_BACK = "ROLL_BACK"
    PASSED = "PASSED"
    ARRIVED = names.ARRIVED
    INCOMPLETE = "INCOMPLETE"
    FAILED = "FAILED"
    ROLLED_BACK = "ROLLED_BACK"
    IN_PROGRESS = "IN_PROGRESS"
    QUEUED = "QUEUED"
    FROZEN = "FROZEN"
    SUPERSEDED = "SUPERSEDED"
    HELD = "HELD"
    QUARANTINED = "QUARANTINED"


class TrainStep(Document):
    """What a step of a train is given."""

    execution: Execution


class StageStep(TrainStep):
    """What a step of a train is given that works on one environment, or on the builds."""

    environment: EnvironmentName


class Movement(Document):
    """A promotion that is to be started: it moves one member through one environment."""

    unit: UnitName
    state_machine: str = Field(description="ARN.")
    name: str = Field(description="Of the execution.")
    input: dict[str, Any]


class TrainResult(Document):
    """What a step of a train returns."""

    status: TrainStatus
    message: str = Field(description="One sentence for a person.")
    retry_after: int = Field(default=0, ge=0, description="Seconds until asking again is worth it.")
    members: tuple[Movement, ...] = Field(default=(), description="Whom to move now, side by side.")
    plans: tuple[dict[str, Any], ...] = Field(default=(), description="The inputs of the members' plans.")


def train_of(ledger: Ledger, execution: Execution) -> Train:
    """The train that an execution is.

    Raises:
        RequestError: the ledger knows none.
    """
    found = ledger.trains.train(execution.name)
    if found is None or found.execution != execution.id:
        raise RequestError(f"The ledger knows no train {execution.name} with the execution {execution.id}.")
    return found
