"""Wires what follows the begin and the end of executions."""

from typing import TYPE_CHECKING

from orchestrator.wiring.wiring import Wiring

if TYPE_CHECKING:
    from orchestrator.steps.on_promotion_change import PromotionChange


class ChangeWiring(Wiring):
    """Puts together what records them."""

    def on_promotion_change(self) -> "PromotionChange":
        """Wire what follows a promotion's begin and end."""
        from orchestrator.steps.on_promotion_change import PromotionChange

        return PromotionChange(self.ledger, self.stepfunctions, self.sns, self.settings["failures_topic"])
