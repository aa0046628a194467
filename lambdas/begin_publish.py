"""begin_publish: open a session for the unit whose build the caller carries out."""

from typing import Any

from lambdas.edge import respond
from orchestrator.publication.contract import BeginPublishInput
from orchestrator.wiring.builds import BuildWiring

wiring = BuildWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Answer a builder."""
    return respond(BeginPublishInput, event, wiring.begin_publish())
