"""Plan a train in one environment."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.plan_train import PlanTrainInput
from orchestrator.wiring.trains import TrainWiring

wiring = TrainWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(PlanTrainInput, event, wiring.plan_train())
