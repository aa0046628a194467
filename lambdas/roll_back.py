"""Roll back: return an environment to its last known good release."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.roll_back import RollBackInput
from orchestrator.wiring.targets import TargetWiring

wiring = TargetWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(RollBackInput, event, wiring.roll_back(), wiring.guardrails())
