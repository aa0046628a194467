"""Plan: make the change sets of a deployment and say what they would change."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.plan import PlanInput
from orchestrator.wiring.targets import TargetWiring

wiring = TargetWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(PlanInput, event, wiring.plan(), wiring.guardrails())
