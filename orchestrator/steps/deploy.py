"""Deploy: take the environment's lock, copy the release into each target, and execute the plan's change sets."""

from orchestrator.aws.executions import Executions
from orchestrator.aws.target import TargetAccount, Targets
from orchestrator.frozen import dataclass
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.releases import layout
from orchestrator.steps.admission import Admission
from orchestrator.steps.approval_rule import requires_approval
from orchestrator.steps.approved import Approvals
from orchestrator.steps.contract import ApprovalResult, PlanResult, Status, StepInput, StepResult
from orchestrator.steps.deployment import PATIENCE_SECONDS, Change, Progress, ReleaseFiles, change_of, is_ready
from orchestrator.steps.ordering import superseded_message
from orchestrator.steps.plan_document import Plan, TargetPlan
from orchestrator.steps.taken_over import TakenOver

# What this step notes of its own deployment.
_BEGUN = ("DEPLOYING", "DEPLOYED", "FAILED")


class DeployInput(StepInput):
    """What Deploy is given; what it says of a plan and of an approval only tells where to look for them."""

    plan: PlanResult
    approval: ApprovalResult | None = None


@dataclass(frozen=True)
class Deployer:
    """Carries out Deploy.

    Args:
        ledger: holds the lock and what runs where.
        admission: what keeps a promotion out of its environment.
        approvals: know whether a decision lets it in.
        files: the artifacts of releases, and the plans beside them.
        targets: opens targets.
        executions: tells whether the holder of a lock still runs, and whether this promotion was stopped meanwhile.
    """

    ledger: Ledger
    admission: Admission
    approvals: Approvals
    files: ReleaseFiles
    targets: Targets
    executions: Executions

    def __call__(self, step: DeployInput) -> StepResult:
        """Deploy to one environment; called again and again until it is done.

        Returns:
            SUCCEEDED; IN_PROGRESS, BUSY, QUEUED or FROZEN when it is worth asking again; STALE when something
            moved since the plan; NOT_APPROVED without a decision on this release and plan where one is asked for;
            SUPERSEDED, HELD or QUARANTINED; FAILED with CloudFormation's reason, which a roll back must follow.

        Raises:
            UnmergedError: the release is not known to be of a merged commit, and the environment takes no others.
            ArtifactError: the promotion has no plan with that hash.
        """
        running = self.ledger.environments.running(step.release.unit, step.environment.name)
        if refusal := self._not_approved(step, running):
            return refusal
        plan = self._plan(step)
        if refusal := _unlike(plan, step):
            return refusal
        # A deployment that has begun is carried to its end, whatever is closed meanwhile.
        begun = running.order == step.execution.order and running.status in _BEGUN
        if not begun and (refusal := self.admission(step) or _moved(step, plan, running)):
            return refusal
        # Before the lock: where a target cannot be opened, nothing was begun.
        plans = [(self.targets(step.environment, one.target, step.execution), one) for one in plan.targets]
        if refusal := self._take_lock(step):
            return refusal
        result = self._carry_out(step, plans)
        if result.status is Status.STALE:
            # Nothing was deployed: what the ledger said before holds.
            self.ledger.environments.record(running, step.execution)
            self._free_lock(step)
        if self.executions.has_ended(step.execution.id):
            # It was stopped meanwhile: what its end found to note and to free may have been before this.
            self.ledger.environments.interrupt(step.release.unit, step.environment.name, step.execution)
            self._free_lock(step)
        return result

    def _not_approved(self, step: DeployInput, running: Running) -> StepResult | None:
        if not requires_approval(step, running):
            return None
        return self.approvals.refusal(step, step.plan.plan_hash, step.approval)

    def _plan(self, step: DeployInput) -> Plan:
        """The promotion's own plan, where Plan alone writes it: it names the change sets that are carried out."""
        key = layout.plan_key(step.release.unit, step.execution.name, step.environment.name)
        return Plan.read(self.files.store, key, step.plan.plan_hash)

    def _take_lock(self, step: DeployInput) -> StepResult | None:
        """Take the lock and note the deployment; a result is returned instead when that cannot be."""
        unit, environment = step.release.unit, step.environment.name
        holder = self.ledger.environments.take_lock(unit, environment, step.execution)
        while holder and not self.executions.is_alive(holder.id):
            self.ledger.environments.free_lock(unit, environment, holder.id)
            holder = self.ledger.environments.take_lock(unit, environment, step.execution)
        if holder:
            message = f"{unit} is being deployed to {environment} by {holder.name}."
            return StepResult(status=Status.BUSY, message=message, retry_after=15)
        if self.executions.has_ended(step.execution.id):
            self._free_lock(step)
            message = f"{step.execution.name} was stopped before it deployed anything to {environment}."
            return StepResult(status=Status.BUSY, message=message, retry_after=15)
        if not self._note(step, "DEPLOYING"):
            # A newer promotion was here between the question and the lock.
            self._free_lock(step)
            running = self.ledger.environments.running(unit, environment)
            message = superseded_message(step.release, environment, running.version)
            return StepResult(status=Status.SUPERSEDED, message=message)
        return None

    def _free_lock(self, step: DeployInput) -> None:
        self.ledger.environments.free_lock(step.release.unit, step.environment.name, step.execution.id)

    def _note(self, step: DeployInput, status: str) -> bool:
        known = self.ledger.environments.running(step.release.unit, step.environment.name)
        state = known.model_copy(update={"version": step.release.version, "status": status})
        return self.ledger.environments.record(state, step.execution)

    def _carry_out(self, step: DeployInput, plans: list[tuple[TargetAccount, TargetPlan]]) -> StepResult:
        if busy := [str(account.target) for account, one in plans if self._is_busy_elsewhere(step, account, one)]:
            where = ", ".join(busy)
            message = f"Another operation is under way on stack {step.stack_name} in {where}."
            return StepResult(status=Status.BUSY, message=message, retry_after=20)
        self._keep(step, plans)
        for account, one in plans:
            self._start(step, account, one)
        stacks = [
            (account.stack(step.stack_name, step.environment), one.change_set)
            for account, one in plans
            if not one.empty
        ]

        def look() -> list[tuple[str, Change]]:
            return [(stack.where, change_of(stack, change_set)) for stack, change_set in stacks]

        def unfinished(changes: list[tuple[str, Change]]) -> bool:
            return any(change.progress is Progress.PENDING for _, change in changes)

        changes = stacks[0][0].wait_for(look, unfinished, PATIENCE_SECONDS) if stacks else []
        return self._result(step, changes)

    def _keep(self, step: DeployInput, plans: list[tuple[TargetAccount, TargetPlan]]) -> None:
        """Keep stacks that are about to be taken over as they are, in case no release works there."""
        kept = {
            str(account.target): digest
            for account, one in plans
            if not one.empty
            and is_ready(account.stack(step.stack_name, step.environment), one.change_set)
            and (digest := TakenOver(self.files).keep(account, step))
        }
        if kept:
            known = self.ledger.environments.running(step.release.unit, step.environment.name)
            state = known.model_copy(update={"taken_over": {**known.taken_over, **kept}})
            self.ledger.environments.record(state, step.execution)

    @staticmethod
    def _is_busy_elsewhere(step: DeployInput, account: TargetAccount, planned: TargetPlan) -> bool:
        """Whether somebody else changes the stack: our change set cannot be executed now."""
        stack = account.stack(step.stack_name, step.environment)
        state = stack.state()
        return state is not None and state.busy and is_ready(stack, planned.change_set)

    def _start(self, step: DeployInput, account: TargetAccount, planned: TargetPlan) -> None:
        """Copy the release and execute the change set, unless an earlier try has done that."""
        stack = account.stack(step.stack_name, step.environment)
        ready = not planned.empty and is_ready(stack, planned.change_set)
        if ready or planned.empty:
            self.files.copy(self.files.manifest(step.release), account)
        if ready:
            stack.execute(planned.change_set)

    def _result(self, step: DeployInput, changes: list[tuple[str, Change]]) -> StepResult:
        what = f"{step.release.name} to {step.environment.name}"
        reached = {change.progress for _, change in changes}
        if Progress.PENDING in reached:
            return StepResult(status=Status.IN_PROGRESS, message=f"CloudFormation deploys {what}.", retry_after=15)
        if Progress.FAILED in reached:
            self._note(step, "FAILED")
            reasons = "; ".join(f"in {where}: {one.reason}" for where, one in changes if one.reason)
            return StepResult(status=Status.FAILED, message=f"Deploying {what} failed, {reasons}")
        if Progress.STALE in reached:
            message = f"The stack {step.stack_name} changed since {what} was planned; it is planned again."
            return StepResult(status=Status.STALE, message=message)
        self._note(step, "DEPLOYED")
        return StepResult(status=Status.SUCCEEDED, message=f"{what} is deployed.")


def _unlike(plan: Plan, step: DeployInput) -> StepResult | None:
    """Whether the plan is for something else: another release or stack, or targets that the guardrails had before."""
    planned = sorted(str(one.target) for one in plan.targets)
    what = (plan.release, plan.environment, plan.stack_name)
    if what != (step.release.name, step.environment.name, step.stack_name):
        message = (
            f"{step.release.name} was not planned for the stack {step.stack_name} in {step.environment.name}, but "
            f"{plan.release} for {plan.stack_name} in {plan.environment}; it is planned again."
        )
    elif planned != sorted(str(one) for one in step.environment.targets):
        message = (
            f"{step.environment.name} has other targets since {step.release.name} was planned; it is planned again."
        )
    else:
        return None
    return StepResult(status=Status.STALE, message=message)


def _moved(step: DeployInput, plan: Plan, running: Running) -> StepResult | None:
    """Whether another release runs there now than the one that the plan replaces."""
    if running.version == plan.replaces:
        return None
    unit, name = step.release.unit, step.environment.name
    message = f"{unit}@{running.version} runs in {name} since {step.release.name} was planned; it is planned again."
    return StepResult(status=Status.STALE, message=message)
