"""Settle a train's wave, and say what comes next."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.settle_train import SettleTrainInput
from orchestrator.wiring.trains import TrainWiring

wiring = TrainWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(SettleTrainInput, event, wiring.settle_train())
