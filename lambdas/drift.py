"""Drift: look for what somebody changed by hand in an environment."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.drift import DriftInput
from orchestrator.wiring.targets import TargetWiring

wiring = TargetWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Look, for whoever asks; the event says where."""
    return respond(DriftInput, event, wiring.drift(), wiring.guardrails())
