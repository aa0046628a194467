"""When a train begins or ends: note it, and stop what still moves its members."""

from typing import Any

from lambdas.edge import respond
from orchestrator.steps.on_promotion_change import PromotionChanged
from orchestrator.wiring.trains import TrainWiring

wiring = TrainWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Act on an execution status event."""
    return respond(PromotionChanged, event, wiring.on_train_change())
