"""Smoke-test: run the release's own checks in every target, and note the release as good when all pass."""

from orchestrator.aws.target import TargetAccount, Targets
from orchestrator.frozen import dataclass
from orchestrator.ledger.controls import Hold
from orchestrator.ledger.ledger import Ledger
from orchestrator.releases.manifest import Manifest
from orchestrator.steps.checks import Checks
from orchestrator.steps.contract import SmokeTestOutcome, SmokeTestResult, Status, StepInput
from orchestrator.steps.deployment import ReleaseFiles


class SmokeTestInput(StepInput):
    """What Smoke-test is given."""


@dataclass(frozen=True)
class SmokeTester:
    """Carries out Smoke-test.

    Args:
        ledger: learns which release is good.
        files: the artifacts of releases.
        targets: opens targets.
        checks: runs the checks of a release against one stack.
    """

    ledger: Ledger
    files: ReleaseFiles
    targets: Targets
    checks: Checks

    def __call__(self, step: SmokeTestInput) -> SmokeTestResult:
        """Verify a deployment.

        Returns:
            SUCCEEDED, and the lock is freed; or FAILED with what failed, and the lock is kept for the roll back.
        """
        manifest = self.files.manifest(step.release)
        accounts = [self.targets(step.environment, target, step.execution) for target in step.environment.targets]
        outcomes = verify(self.checks, accounts, manifest, step)
        failed = [one for one in outcomes if not one.passed]
        if failed:
            return SmokeTestResult(status=Status.FAILED, message=failure_message(step, failed), outcomes=outcomes)
        self._note_good(step)
        message = f"{step.release.name} passed {len(outcomes)} smoke tests in {step.environment.name}."
        return SmokeTestResult(status=Status.SUCCEEDED, message=message, outcomes=outcomes)

    def _note_good(self, step: SmokeTestInput) -> None:
        unit, environment, version = step.release.unit, step.environment.name, step.release.version
        known = self.ledger.environments.running(unit, environment)
        state = known.model_copy(update={"version": version, "status": "HEALTHY"})
        if self.ledger.environments.record(state, step.execution):
            self.ledger.environments.record_good(state, step.stack_name, step.execution)
        self.ledger.promotions.record_passed(unit, step.execution, environment)
        self._hold_or_resume(step, known.last_known_good)
        self.ledger.environments.free_lock(unit, environment, step.execution.id)

    def _hold_or_resume(self, step: SmokeTestInput, last_good: str | None) -> None:
        """A rollback by hand pins the environment: the next merge must not undo it. What else works frees it."""
        unit, environment = step.release.unit, step.environment.name
        if not step.request.rollback:
            self.ledger.controls.lift_hold(unit, environment, step.execution.name)
            return
        train = self.ledger.trains.of_member(step.request.train, step.execution.id)
        who = f"by the train {train.name}" if train else "by hand"
        hold = Hold(
            unit=unit,
            environment=environment,
            version=train.versions[unit] if train else self._left(step, last_good),
            reason=f"it was rolled back to {step.release.version} {who}: {step.request.reason}.",
            order=step.execution.order,
            train=train.name if train else None,
        )
        self.ledger.controls.set_hold(hold)

    def _left(self, step: SmokeTestInput, last_good: str | None) -> str:
        """The release that somebody went back from: the last good one, or, when it never was, what failed here."""
        version = step.release.version
        if last_good not in (None, version):
            return str(last_good)
        before = self.ledger.controls.hold(step.release.unit, step.environment.name)
        return before.version if before else version


def verify(
    checks: Checks, accounts: list[TargetAccount], manifest: Manifest, step: StepInput
) -> tuple[SmokeTestOutcome, ...]:
    """Run a release's checks in every target."""
    return tuple(
        outcome
        for account in accounts
        for outcome in checks(account, account.stack(step.stack_name, step.environment), manifest.settings.smoke_tests)
    )


def failure_message(step: StepInput, failed: list[SmokeTestOutcome]) -> str:
    """What failed, in a sentence."""
    reasons = "; ".join(f"{one.test} in {one.target}: {one.message}" for one in failed)
    end = "" if reasons.endswith(".") else "."
    return f"{step.release.name} failed its smoke tests in {step.environment.name}: {reasons}{end}"
