"""Approve a train: ask people for one decision on the plans of all its members."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.request_train_approval import RequestTrainApprovalInput
from orchestrator.wiring.trains import TrainWiring

wiring = TrainWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Payload."""
    return respond(RequestTrainApprovalInput, event, wiring.request_train_approval())
