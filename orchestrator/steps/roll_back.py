"""Roll back: return every target of an environment to the last known good release, and verify it there."""

from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel, ConfigDict

from orchestrator.aws.change_set import Readiness
from orchestrator.aws.stack import Stack
from orchestrator.aws.target import TargetAccount, Targets
from orchestrator.build.manifest import Manifest
from orchestrator.ledger.controls import Hold
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.checks import Checks
from orchestrator.steps.contract import RollBackResult, SmokeTestResult, Status, StepInput, StepResult
from orchestrator.steps.deployment import PATIENCE_SECONDS, Change, Progress, ReleaseFiles, anew_if_gone, change_of
from orchestrator.steps.smoke_test import failure_message, verify


class Parts(BaseModel):
    """What is needed of an environment's part of the document; there is more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    deployment: StepResult
    smoke_test: SmokeTestResult | None = None


class RollBackInput(StepInput):
    """What Roll back is given: the release that failed, and what the document says of the environment."""

    environment_part: Parts

    @property
    def failure(self) -> str:
        """Why a roll back is needed."""
        tested = self.environment_part.smoke_test
        return tested.message if tested and tested.status is Status.FAILED else self.environment_part.deployment.message


@dataclass(frozen=True)
class RollBack:
    """Carries out Roll back.

    Args:
        ledger: knows the last known good release.
        files: the artifacts of releases.
        targets: opens targets.
        checks: runs the good release's own smoke tests.
    """

    ledger: Ledger
    files: ReleaseFiles
    targets: Targets
    checks: Checks

    def __call__(self, step: RollBackInput) -> RollBackResult:
        """Return an environment to what last worked there; called again and again until it is done.

        Returns:
            ROLLED_BACK; IN_PROGRESS when it is worth asking again; FAILED when there is nothing to return to,
            or returning failed too. Each message begins with why the roll back was needed.
        """
        unit, environment = step.release.unit, step.environment.name
        running = self.ledger.environments.running(unit, environment)
        good = running.known_good_before(
            step.release.version, lambda version: self.ledger.controls.quarantine(unit, version) is not None
        )
        if good is None:
            self._end(step, running, "FAILED")
            message = (
                f"{step.failure} There is no last known good release of {unit} in {environment} to return to: "
                f"the stack {step.stack_name} is left as it is for inspection."
            )
            return RollBackResult(status=Status.FAILED, message=message)
        manifest = self.files.manifest(self.ledger.releases.release(unit, good))
        accounts = [self.targets(step.environment, target, step.execution) for target in step.environment.targets]
        return self._return_to(step, running, manifest, accounts)

    def _return_to(
        self, step: RollBackInput, running: Running, manifest: Manifest, accounts: list[TargetAccount]
    ) -> RollBackResult:
        changes = [anew_if_gone(partial(self._change, step, manifest, account)) for account in accounts]
        if any(change.progress is Progress.PENDING for change in changes):
            message = f"CloudFormation returns {step.environment.name} to {manifest.name}."
            return RollBackResult(status=Status.IN_PROGRESS, message=message, version=manifest.version, retry_after=15)
        failed = [
            change.reason or "the stack changed meanwhile" for change in changes if change.progress != Progress.DONE
        ]
        if failed:
            self._end(step, running, "FAILED")
            message = f"{step.failure} Returning to {manifest.name} failed too: {'; '.join(failed)}"
            return RollBackResult(status=Status.FAILED, message=message, version=manifest.version)
        return self._verify(step, running, manifest, accounts)

    def _change(self, step: RollBackInput, manifest: Manifest, account: TargetAccount) -> Change:
        stack = account.stack(step.stack_name, step.environment)
        settled = stack.wait_until_settled(PATIENCE_SECONDS)
        if settled is not None and settled.busy:
            return Change(progress=Progress.PENDING)
        self.files.copy(manifest, account)
        return self._execute(stack, self.files.propose(manifest, account, step))

    @staticmethod
    def _execute(stack: Stack, change_set: str) -> Change:
        found = stack.wait_for_change_set(change_set, PATIENCE_SECONDS)
        if found.readiness is Readiness.READY:
            stack.execute(change_set)
        return stack.wait_for(
            lambda: change_of(stack, change_set), lambda change: change.progress is Progress.PENDING, PATIENCE_SECONDS
        )

    def _verify(
        self, step: RollBackInput, running: Running, manifest: Manifest, accounts: list[TargetAccount]
    ) -> RollBackResult:
        outcomes = verify(self.checks, accounts, manifest, step)
        failed = [one for one in outcomes if not one.passed]
        if failed:
            self._end(step, running, "FAILED", manifest.version)
            message = f"{step.failure} It was returned to {manifest.name}, but: {failure_message(step, failed)}"
            return RollBackResult(status=Status.FAILED, message=message, version=manifest.version, outcomes=outcomes)
        self._end(step, running, "ROLLED_BACK", manifest.version)
        message = f"{step.failure} {step.environment.name} was returned to {manifest.name}, which works."
        return RollBackResult(status=Status.ROLLED_BACK, message=message, version=manifest.version, outcomes=outcomes)

    def _end(self, step: RollBackInput, running: Running, status: str, version: str | None = None) -> None:
        state = running.model_copy(update={"status": status, "version": version or running.version})
        self.ledger.environments.record(state, step.execution)
        self.ledger.controls.set_hold(
            Hold(
                unit=step.release.unit,
                environment=step.environment.name,
                version=step.release.version,
                reason=f"{step.release.name} failed there.",
                by=step.execution.name,
                order=step.execution.order,
            )
        )
        self.ledger.environments.free_lock(step.release.unit, step.environment.name, step.execution.id)
