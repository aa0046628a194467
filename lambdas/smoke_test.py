"""Smoke-test: verify a deployment."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.smoke_test import SmokeTestInput
from orchestrator.wiring.targets import TargetWiring

wiring = TargetWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(SmokeTestInput, event, wiring.smoke_test(), wiring.guardrails())
