"""Roll back: return every target of an environment to the last known good release, and verify it there.

Where there was none yet, a stack that was taken over is given back as it was before.
"""

from collections.abc import Callable, Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict

from orchestrator.aws.change_set import Readiness
from orchestrator.aws.stack import Stack
from orchestrator.aws.target import TargetAccount, Targets
from orchestrator.frozen import dataclass
from orchestrator.ledger.controls import Hold
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.releases.manifest import Manifest
from orchestrator.steps.checks import Checks
from orchestrator.steps.contract import RollBackResult, SmokeTestResult, Status, StepInput, StepResult
from orchestrator.steps.deployment import PATIENCE_SECONDS, Change, Progress, ReleaseFiles, anew_if_gone, change_of
from orchestrator.steps.smoke_test import failure_message, verify
from orchestrator.steps.taken_over import TakenOver


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
        running = self.ledger.environments.running(step.release.unit, step.environment.name).seen_from(step.stack_name)
        good = self._last_known_good(step, running)
        return self._to_release(step, running, good) if good else self._to_before(step, running)

    def _accounts(self, step: RollBackInput) -> list[TargetAccount]:
        return [self.targets(step.environment, target, step.execution) for target in step.environment.targets]

    def _last_known_good(self, step: RollBackInput, running: Running) -> Manifest | None:
        unit = step.release.unit
        version = running.known_good_before(
            step.release.version, lambda one: self.ledger.controls.quarantine(unit, one) is not None
        )
        return self.files.manifest(self.ledger.releases.release(unit, version)) if version else None

    def _to_release(self, step: RollBackInput, running: Running, manifest: Manifest) -> RollBackResult:
        def propose(account: TargetAccount) -> str:
            self.files.copy(manifest, account)
            return self.files.propose(manifest, account, step)

        accounts = self._accounts(step)
        ways = [(account, partial(propose, account)) for account in accounts]
        if unfinished := self._change(step, running, ways, manifest.name):
            return unfinished.model_copy(update={"version": manifest.version})
        return self._verify(step, running, manifest, accounts)

    def _to_before(self, step: RollBackInput, running: Running) -> RollBackResult:
        """Give stacks back as they were before the unit took them over, if nothing of it ever worked there."""
        taken, kept = TakenOver(self.files), {} if running.good else running.taken_over
        accounts = self._accounts(step) if kept else []
        found = [(one, before) for one in accounts if (before := taken.kept(one, step, kept.get(str(one.target))))]
        if not found:
            self._end(step, running, "FAILED")
            message = (
                f"{step.failure} There is no last known good release of {step.release.unit} in "
                f"{step.environment.name} to return to: the stack {step.stack_name} is left as it is for inspection."
            )
            return RollBackResult(status=Status.FAILED, message=message)
        ways = [(account, partial(taken.propose, before, account, step)) for account, before in found]
        what = f"what it was before {step.release.unit}"
        if unfinished := self._change(step, running, ways, what):
            return unfinished
        self._end(step, running.model_copy(update={"version": None, "taken_over": {}}), "ROLLED_BACK")
        returned = f"{step.failure} The stack {step.stack_name} in {step.environment.name} was returned to {what}."
        message = " ".join([returned, *taken.left(step, found)])
        return RollBackResult(status=Status.ROLLED_BACK, message=message)

    def _change(
        self, step: RollBackInput, running: Running, ways: Sequence[tuple[TargetAccount, Callable[[], str]]], what: str
    ) -> RollBackResult | None:
        """Change stacks by change sets that are made for it; returns None when all are changed."""
        stacks = [(account.stack(step.stack_name, step.environment), propose) for account, propose in ways]
        changes = [anew_if_gone(partial(self._changed, stack, propose)) for stack, propose in stacks]
        if any(change.progress is Progress.PENDING for change in changes):
            message = f"CloudFormation returns {step.environment.name} to {what}."
            return RollBackResult(status=Status.IN_PROGRESS, message=message, retry_after=15)
        failed = [
            change.reason or "the stack changed meanwhile" for change in changes if change.progress != Progress.DONE
        ]
        if not failed:
            return None
        self._end(step, running, "FAILED")
        message = f"{step.failure} Returning to {what} failed too: {'; '.join(failed)}"
        return RollBackResult(status=Status.FAILED, message=message)

    @staticmethod
    def _changed(stack: Stack, propose: Callable[[], str]) -> Change:
        settled = stack.wait_until_settled(PATIENCE_SECONDS)
        if settled is not None and settled.busy:
            return Change(progress=Progress.PENDING)
        change_set = propose()
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
                train=step.request.train,
            )
        )
        self.ledger.environments.free_lock(step.release.unit, step.environment.name, step.execution.id)
