"""Retire: delete what is left of a unit that is no longer in the repository."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.retire import RetireInput
from orchestrator.wiring.targets import TargetWiring

wiring = TargetWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Start a deletion, or look how far it is; the event says where."""
    return respond(RetireInput, event, wiring.retire(), wiring.guardrails())
