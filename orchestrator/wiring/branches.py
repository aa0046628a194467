"""Wires what follows a merge."""

from typing import TYPE_CHECKING

from orchestrator.wiring.wiring import Wiring, now

if TYPE_CHECKING:
    from orchestrator.steps.definitions import UnitStackTemplate
    from orchestrator.steps.on_merge import MergeHandler
    from orchestrator.steps.resolve_release import ReleaseResolver
    from orchestrator.steps.start_promotion import PromotionStarter


class BranchWiring(Wiring):
    """Puts together what looks at a branch, and what does what it calls for."""

    def on_merge(self, template: "UnitStackTemplate") -> "MergeHandler":
        """Wire what follows a merge."""
        from orchestrator.steps.on_merge import MergeHandler
        from orchestrator.steps.owners import Owners

        branch, code = self.settings["branch"], self.settings["code"]
        owners = Owners(self.ledger, branch)
        return MergeHandler(
            self.ledger,
            self.repository,
            branch,
            template,
            self.starts,
            now,
            code,
            self.surveys,
            self.guardrails,
            owners,
        )

    def start_promotion(self, template: "UnitStackTemplate", retired: "UnitStackTemplate") -> "PromotionStarter":
        """Wire what on_merge asks for."""
        from orchestrator.steps.start_promotion import PromotionStarter

        return PromotionStarter(
            self.ledger,
            self.repository,
            template,
            retired,
            self._machines,
            self.store,
            self.stepfunctions,
            lambda name: f"arn:aws:states:{self.session.region_name}:{self._account}:stateMachine:{name}",
            self.guardrails,
        )

    def resolve_release(self) -> "ReleaseResolver":
        """Wire Resolve release."""
        from orchestrator.steps.resolve_release import ReleaseResolver

        return ReleaseResolver(self.ledger, self.catalogs, self.guardrails, self._merge_check)
