"""Preview: say what a deployment would change, without deploying."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.preview import PreviewInput
from orchestrator.wiring.targets import TargetWiring

wiring = TargetWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Look, for whoever asks; the event says what and where."""
    return respond(PreviewInput, event, wiring.preview(), wiring.guardrails())
