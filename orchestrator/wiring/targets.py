"""Wires the steps that work in targets."""

import os
import time
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume, sessions_beside
from orchestrator.errors import RequestError, SourceError, UnknownNameError
from orchestrator.wiring.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.aws.target import TargetAccount
    from orchestrator.config.environment import Environment, Target
    from orchestrator.releases.store import ArtifactStore
    from orchestrator.steps.checks import StackChecks
    from orchestrator.steps.contract import Execution
    from orchestrator.steps.deploy import Deployer
    from orchestrator.steps.deployment import ReleaseFiles
    from orchestrator.steps.drift import DriftFinder
    from orchestrator.steps.plan import Planner
    from orchestrator.steps.preview import Previewer
    from orchestrator.steps.retire import Retirer
    from orchestrator.steps.roll_back import RollBack
    from orchestrator.steps.smoke_test import SmokeTester


class TargetWiring(Wiring):
    """Opens targets, and puts together the steps that need them."""

    @cached_property
    def _assume(self) -> Assumer:
        return Assumer(self.session.client("sts", config=CLIENT), sessions_beside(self.session))

    @cached_property
    def _files(self) -> "ReleaseFiles":
        from orchestrator.steps.deployment import ReleaseFiles

        return ReleaseFiles(self.store, _store_of)

    @property
    def _checks(self) -> "StackChecks":
        from orchestrator.steps.checks import StackChecks
        from orchestrator.web.get import PublicWeb, own_endpoints

        # What is deployed to the embedded cloud answers where that cloud does.
        return StackChecks(time.sleep, PublicWeb(also=own_endpoints(os.environ)))

    def target(self, environment: "Environment", target: "Target", execution: "Execution") -> "TargetAccount":
        """Open a target with its environment's deployer role."""
        from orchestrator.aws.target import TargetAccount

        role = RoleToAssume(
            target.role_arn(environment.deployer_role), execution.name, self.settings.get("external_id")
        )
        return TargetAccount(target, self._assume(role, target.region), time.sleep)

    def plan(self) -> "Planner":
        """Wire Plan."""
        return self._planner(self._starter)

    def _planner(self, starter: "Callable[[Execution], str | None]") -> "Planner":
        from orchestrator.steps.plan import Planner
        from orchestrator.steps.pushes.pushers import Pushers

        pushers = Pushers(self.ledger, self.store, self.repository)
        return Planner(
            self.ledger, self._files, self._admission, self.target, self.repository, pushers, starter, self._is_merged
        )

    def _is_merged(self, commit: str) -> bool | None:
        """Whether the branch contains a commit; None where nothing that is known tells."""
        try:
            return self.merge_rule.is_merged(commit)
        except (SourceError, UnknownNameError):
            return None

    @property
    def _starter(self) -> "Callable[[Execution], str | None]":
        """Finds who started a promotion, which CloudTrail knows some minutes later."""
        from orchestrator.identity.trail import Trail

        trail = Trail(self.session.client("cloudtrail", config=CLIENT))

        def starter(execution: "Execution") -> str | None:
            try:
                return trail.starter(execution.id, execution.started_at)
            except (ClientError, BotoCoreError, RequestError):
                # It takes two questions a second, and no plan waits for it: the plan says that it does not know.
                return None

        return starter

    def preview(self) -> "Previewer":
        """Wire Preview."""
        from orchestrator.steps.preview import Previewer

        return Previewer(self._planner(lambda _: None))

    def deploy(self) -> "Deployer":
        """Wire Deploy."""
        from orchestrator.steps.deploy import Deployer

        return Deployer(self.ledger, self._admission, self._approvals, self._files, self.target, self.executions)

    def smoke_test(self) -> "SmokeTester":
        """Wire Smoke-test."""
        from orchestrator.steps.smoke_test import SmokeTester

        return SmokeTester(self.ledger, self._files, self.target, self._checks)

    def roll_back(self) -> "RollBack":
        """Wire Roll back."""
        from orchestrator.steps.roll_back import RollBack

        return RollBack(self.ledger, self._files, self.target, self._checks)

    def drift(self) -> "DriftFinder":
        """Wire Drift."""
        from orchestrator.steps.drift import DriftFinder

        return DriftFinder(self.ledger, self._files, self.target)

    def retire(self) -> "Retirer":
        """Wire Retire."""
        from orchestrator.steps.retire import Retirer
        from orchestrator.steps.retire_approval import RetireApprovals

        approvals = RetireApprovals(self.ledger.retirements, self._verifier, self.guardrails)
        return Retirer(self.ledger, self.settings["branch"], self.target, self._machines, approvals)


def _store_of(account: "TargetAccount") -> "ArtifactStore":
    from orchestrator.releases.store import ArtifactStore

    return ArtifactStore(account.s3, account.target.bucket)
