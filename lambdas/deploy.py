"""Deploy: execute a planned deployment."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.deploy import DeployInput
from orchestrator.wiring.targets import TargetWiring

wiring = TargetWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(DeployInput, event, wiring.deploy(), wiring.guardrails())
