"""The promotions that move a train's members: what they are started with, and the note that admits them."""

from typing import Any

from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Part, Stage, Train
from orchestrator.steps.contract import Request
from orchestrator.steps.train_contract import Movement
from orchestrator.trains.bom import TrainRequest
from orchestrator.trains.names import BUILD, child_name


@dataclass(frozen=True)
class Mover:
    """Makes the promotions of one train in one stage.

    Args:
        ledger: is told of each before it starts.
        train: the train.
        stage: the environment that is at work, as noted so far.
    """

    ledger: Ledger
    train: Train
    stage: Stage

    def forth(self, units: tuple[str, ...]) -> tuple[Stage, tuple[Movement, ...]]:
        """Move members into the environment, or build them."""
        moved = tuple(self._movement(unit, self._request(unit)) for unit in units)
        parts = {
            one.unit: self.stage.parts[one.unit].model_copy(update={"execution": execution_of(one)}) for one in moved
        }
        return self._noted(parts), moved

    def back(self, versions: dict[str, str]) -> tuple[Stage, tuple[Movement, ...]]:
        """Return members to the releases that are named."""
        place = {"from": self.stage.environment, "to": self.stage.environment}
        reason = f"another member of the train {self.train.name} failed"
        moved = tuple(
            self._movement(unit, {**place, "version": version, "rollback": True, "reason": reason}, back=True)
            for unit, version in versions.items()
        )
        parts = {one.unit: self.stage.parts[one.unit].model_copy(update={"back": execution_of(one)}) for one in moved}
        return self._noted(parts), moved

    def _noted(self, parts: dict[str, Part]) -> Stage:
        stage = self.stage.model_copy(update={"parts": {**self.stage.parts, **parts}})
        self.ledger.trains.record_stage(self.train.name, stage)
        return stage

    def _request(self, unit: str) -> dict[str, Any]:
        asked = TrainRequest.model_validate(self.train.request)
        common = {"branch": asked.branch, "reason": asked.reason, "override_freeze": asked.override_freeze}
        if self.stage.environment == BUILD:
            return {**common, "commit": asked.commit, "digest": asked.digests[unit], "build_only": True}
        place = self.stage.environment
        return {**common, "version": self.train.versions[unit], "from": place, "to": place}

    def _movement(self, unit: str, request: dict[str, Any], *, back: bool = False) -> Movement:
        name = child_name(self.train.name, self.stage.environment, back=back)
        machine = f"{self.train.execution.split(':execution:')[0]}:stateMachine:promote-{unit}"
        asked = Request.model_validate({**request, "train": self.train.name})
        linked = asked.model_copy(update={"started_by": self.train.execution})
        movement = Movement(
            unit=unit,
            state_machine=machine,
            name=name,
            input=linked.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        )
        self.ledger.trains.admit(self.train.name, unit, execution_of(movement), movement.input)
        return movement


def execution_of(movement: Movement) -> str:
    """ARN of the execution that a movement is started as."""
    return f"{movement.state_machine.replace(':stateMachine:', ':execution:')}:{movement.name}"
