"""Decide: turn a gate's input into an answer to the waiting promotion."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.gate_input import DecideInput
from orchestrator.wiring.approvals import ApprovalWiring

wiring = ApprovalWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(DecideInput, event, wiring.decide())
