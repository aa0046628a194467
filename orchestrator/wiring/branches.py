"""Wires what follows a merge."""

from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.wiring.wiring import Wiring, now

if TYPE_CHECKING:
    from orchestrator.steps.definitions import UnitStackTemplate
    from orchestrator.steps.on_merge import MergeHandler
    from orchestrator.steps.resolve_release import ReleaseResolver
    from orchestrator.steps.start_promotion import PromotionStarter
    from orchestrator.steps.surveys import Surveys


class BranchWiring(Wiring):
    """Puts together what looks at a branch, and what does what it calls for."""

    @cached_property
    def _surveys(self) -> "Surveys":
        """Kept from one event to the next, for as long as the function is warm."""
        from orchestrator.steps.surveys import Surveys

        where = f"{self.settings['repository_url']}#{self.settings['branch']}"
        return Surveys(self.store, where, self.settings["code"])

    def on_merge(self, template: "UnitStackTemplate") -> "MergeHandler":
        """Wire what follows a merge."""
        from orchestrator.steps.on_merge import MergeHandler

        branch, code = self.settings["branch"], self.settings["code"]
        return MergeHandler(self.ledger, self.repository, branch, template, self.starts, now, code, self._surveys)

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
        )

    def resolve_release(self) -> "ReleaseResolver":
        """Wire Resolve release."""
        from orchestrator.steps.resolve_release import ReleaseResolver

        return ReleaseResolver(self.ledger, self.repository)
