"""Wires what approvals of promotions need."""

from typing import TYPE_CHECKING

from orchestrator.aws.session import CLIENT
from orchestrator.wiring.wiring import Wiring, now

if TYPE_CHECKING:
    from orchestrator.steps.decide import Decider
    from orchestrator.steps.request_approval import ApprovalRequester


class ApprovalWiring(Wiring):
    """Puts the steps of an approval together."""

    def request_approval(self) -> "ApprovalRequester":
        """Wire Approve."""
        from orchestrator.steps.request_approval import ApprovalRequester

        return ApprovalRequester(
            self.ledger,
            self.tokens,
            self._approvals,
            self.store,
            self.stepfunctions,
            self.sns,
            self.settings["approvals_topic"],
            self.executions.is_alive,
        )

    def decide(self) -> "Decider":
        """Wire Decide."""
        from orchestrator.identity.trail import Trail
        from orchestrator.steps.decide import Decider
        from orchestrator.steps.plan_authors import PlanAuthors

        trail = Trail(self.session.client("cloudtrail", config=CLIENT))
        return Decider(
            self.ledger,
            self.decisions,
            self.tokens,
            self.stepfunctions,
            self._verifier,
            trail,
            now,
            self.guardrails,
            PlanAuthors(self.store),
        )
