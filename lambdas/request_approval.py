"""Approve: ask for a decision on a plan."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.request_approval import RequestApprovalInput
from orchestrator.wiring.approvals import ApprovalWiring

wiring = ApprovalWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(RequestApprovalInput, event, wiring.request_approval(), wiring.guardrails())
