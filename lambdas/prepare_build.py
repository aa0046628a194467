"""Prepare build: give the build that follows a secret that it may publish with."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.prepare_build import PrepareBuildInput
from orchestrator.wiring.builds import BuildWiring

wiring = BuildWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(PrepareBuildInput, event, wiring.prepare_build())
