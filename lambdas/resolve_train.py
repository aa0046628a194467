"""Resolve train: check what a train is asked for, and note it."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.resolve_train import ResolveTrainInput
from orchestrator.wiring.trains import TrainWiring

wiring = TrainWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(ResolveTrainInput, event, wiring.resolve_train())
