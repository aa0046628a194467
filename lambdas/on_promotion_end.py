"""When a promotion ends: free its locks, note its outcome, tell people."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.on_promotion_end import PromotionEnded
from orchestrator.wiring import Wiring

wiring = Wiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Act on an execution status event."""
    return respond(PromotionEnded, event, wiring.on_promotion_end())
