"""Resolve release: find what is promoted and begin the execution document."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.resolve_release import ResolveReleaseInput
from orchestrator.wiring.branches import BranchWiring

wiring = BranchWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Carry the step out; the event is its state's Parameters."""
    return respond(ResolveReleaseInput, event, wiring.resolve_release())
