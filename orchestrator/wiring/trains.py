"""Wires the steps of trains."""

from typing import TYPE_CHECKING

from orchestrator.wiring.changes import ChangeWiring

if TYPE_CHECKING:
    from orchestrator.steps.on_train_change import TrainChange
    from orchestrator.steps.plan_train import TrainPlanner
    from orchestrator.steps.request_train_approval import TrainApprovalRequester
    from orchestrator.steps.resolve_train import TrainResolver
    from orchestrator.steps.settle_train import TrainSettler


class TrainWiring(ChangeWiring):
    """Puts the steps of a train together."""

    def resolve_train(self) -> "TrainResolver":
        """Wire Resolve train."""
        from orchestrator.steps.resolve_train import TrainResolver

        branch, check_merged = self.settings["branch"], self._merge_check
        return TrainResolver(self.ledger, self.catalogs, self.stepfunctions, branch, check_merged)

    def plan_train(self) -> "TrainPlanner":
        """Wire the planning of a train."""
        from orchestrator.steps.plan_train import TrainPlanner

        return TrainPlanner(self.ledger, self.catalogs, self._admission, self.guardrails, self.settings["branch"])

    def request_train_approval(self) -> "TrainApprovalRequester":
        """Wire the approval of a train."""
        from orchestrator.steps.request_train_approval import TrainApprovalRequester

        topic = self.settings["approvals_topic"]
        return TrainApprovalRequester(self.ledger, self.tokens, self.store, self.stepfunctions, self.sns, topic)

    def settle_train(self) -> "TrainSettler":
        """Wire what follows a train's wave."""
        from orchestrator.steps.settle_train import TrainSettler

        return TrainSettler(self.ledger, self.stepfunctions, self.on_promotion_change())

    def on_train_change(self) -> "TrainChange":
        """Wire what follows a train's begin and end."""
        from orchestrator.steps.on_train_change import TrainChange

        change, topic = self.on_promotion_change(), self.settings["failures_topic"]
        return TrainChange(self.ledger, self.stepfunctions, change, self.sns, topic)
