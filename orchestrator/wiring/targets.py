"""Wires the steps that work in targets."""

import time
from functools import cached_property

from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume, sessions_beside
from orchestrator.aws.target import TargetAccount
from orchestrator.build.store import ArtifactStore
from orchestrator.config.organization import Environment, Target
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
from orchestrator.wiring.wiring import Wiring


class TargetWiring(Wiring):
    """Opens targets, and puts together the steps that need them."""

    @cached_property
    def _assume(self) -> Assumer:
        return Assumer(self.session.client("sts", config=CLIENT), sessions_beside(self.session))

    @cached_property
    def _files(self) -> ReleaseFiles:
        return ReleaseFiles(self.store, _store_of)

    def target(self, environment: Environment, target: Target, execution: Execution) -> TargetAccount:
        """Open a target with its environment's deployer role."""
        role = RoleToAssume(
            target.role_arn(environment.deployer_role), execution.name, self.settings.get("external_id")
        )
        return TargetAccount(target, self._assume(role, target.region), time.sleep)

    def plan(self) -> Planner:
        """Wire Plan."""
        return Planner(self.ledger, self._files, self._admission, self.target, self.repository)

    def preview(self) -> Previewer:
        """Wire Preview."""
        return Previewer(self.plan())

    def deploy(self) -> Deployer:
        """Wire Deploy."""
        return Deployer(self.ledger, self._admission, self._files, self.target, self.executions)

    def smoke_test(self) -> SmokeTester:
        """Wire Smoke-test."""
        return SmokeTester(self.ledger, self._files, self.target, StackChecks(time.sleep))

    def roll_back(self) -> RollBack:
        """Wire Roll back."""
        return RollBack(self.ledger, self._files, self.target, StackChecks(time.sleep))

    def drift(self) -> DriftFinder:
        """Wire Drift."""
        return DriftFinder(self.ledger, self._files, self.target)

    def retire(self) -> Retirer:
        """Wire Retire."""
        return Retirer(self.ledger, self.settings["branch"], self.target, self._machines)


def _store_of(account: TargetAccount) -> ArtifactStore:
    return ArtifactStore(account.s3, account.target.bucket)
