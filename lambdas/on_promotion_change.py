"""When a promotion begins or ends: note it, free its locks, tell people of failures."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.on_promotion_change import PromotionChanged
from orchestrator.wiring.changes import ChangeWiring

wiring = ChangeWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Act on an execution status event."""
    return respond(PromotionChanged, event, wiring.on_promotion_change())
