"""Plan: make the change set of a deployment in every target, and say in short what it would change."""

from collections.abc import Callable

from orchestrator.aws.change_set import ChangeSet, Readiness
from orchestrator.aws.stack_state import StackState
from orchestrator.aws.target import TargetAccount, Targets
from orchestrator.errors import DeploymentError
from orchestrator.frozen import dataclass
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.ownership.claims import foreign_stack
from orchestrator.releases import layout
from orchestrator.releases.manifest import Manifest
from orchestrator.source.repository import Commit, Commits, SourceRepository
from orchestrator.steps.admission import Admission
from orchestrator.steps.adoption import tags_of
from orchestrator.steps.approval_rule import requires_approval
from orchestrator.steps.contract import Execution, PlanResult, Status, StepInput
from orchestrator.steps.deployment import PATIENCE_SECONDS, ReleaseFiles, anew_if_gone
from orchestrator.steps.drift import DriftLook, drift_of
from orchestrator.steps.impact.circumstances import Circumstances, circumstances
from orchestrator.steps.impact.tags import tag_changes
from orchestrator.steps.impact.templates import IamImpact, iam_impact
from orchestrator.steps.origin import is_automatic
from orchestrator.steps.plan_document import Plan, TargetPlan


class PlanInput(StepInput):
    """What Plan is given."""


@dataclass(frozen=True)
class Planner:
    """Carries out Plan.

    Args:
        ledger: tells what runs in the environment.
        files: the artifacts of releases; the whole plan is kept beside them.
        admission: what keeps a promotion out of its environment.
        targets: opens targets.
        repository: tells the commits between two releases.
        pushers: tells who pushed what is in a release and not in the one that it replaces.
        starter: finds the ARN of who started a promotion by hand; None where it is not known.
        merged: tells whether a commit is on the configured branch; None where it is not known.
    """

    ledger: Ledger
    files: ReleaseFiles
    admission: Admission
    targets: Targets
    repository: SourceRepository
    pushers: Callable[[Manifest | None, Manifest], tuple[str, ...]]
    starter: Callable[[Execution], str | None] = lambda _: None
    merged: Callable[[str], bool | None] = lambda _: None

    def __call__(self, step: PlanInput) -> PlanResult:
        """Plan a deployment to one environment.

        Returns:
            PLANNED or NO_CHANGES with the plan; IN_PROGRESS, BUSY, QUEUED or FROZEN when it is worth asking again;
            SUPERSEDED, HELD or QUARANTINED when it is not.

        Raises:
            UnmergedError: the release is not known to be of a merged commit, and the environment takes no others.
            DeploymentError: CloudFormation refused the template.
        """
        if refusal := self.admission(step):
            return PlanResult(**refusal.model_dump())
        found = self.plan(step)
        return found if isinstance(found, PlanResult) else self._result(found, step)

    def plan(self, step: StepInput) -> Plan | PlanResult:
        """Make the change sets, and say what they would change; a result only where it is worth asking again.

        Raises:
            DeploymentError: CloudFormation refused the template, or a change set disappeared again and again.
        """
        return anew_if_gone(lambda: self._proposed(step))

    def _proposed(self, step: StepInput) -> Plan | PlanResult:
        running = self.ledger.environments.running(step.release.unit, step.environment.name)
        manifest = self.files.manifest(step.release)
        self._check_owner(manifest, step)
        accounts = [self.targets(step.environment, target, step.execution) for target in step.environment.targets]
        stacks = [account.stack(step.stack_name, step.environment) for account in accounts]
        states = [stack.state() for stack in stacks]
        busy = [account for account, state in zip(accounts, states, strict=True) if state and state.busy]
        if busy:
            where = ", ".join(str(account.target) for account in busy)
            message = f"Another operation is under way on stack {step.stack_name} in {where}."
            return PlanResult(status=Status.BUSY, message=message, retry_after=20)
        # CloudFormation looks for changes made by hand while it works out the change sets.
        looks = [DriftLook.begin(*pair) for pair in zip(accounts, stacks, strict=True)] if running.version else []
        proposed = [(account, self._propose(account, manifest, step)) for account in accounts]
        if any(found.readiness is Readiness.PENDING for _, found in proposed):
            message = f"CloudFormation is still working out what {step.release.name} would change."
            return PlanResult(status=Status.IN_PROGRESS, message=message, retry_after=10)
        template = self.files.template(manifest, step.environment.name)
        targets = tuple(
            _target_plan(account, found, iam_impact(stack, found, template), state)
            for stack, state, (account, found) in zip(stacks, states, proposed, strict=True)
        )
        return self._plan(step, manifest, running, self._with_drift(targets, looks, running))

    def _check_owner(self, manifest: Manifest, step: StepInput) -> None:
        """Refuse a release that was built from another folder than the one that owns the unit's name, or its stack."""
        claim = self.ledger.claims.of_unit(manifest.unit)
        if claim and not claim.may_be_built_from(manifest.inputs):
            raise DeploymentError(
                f"{manifest.name} was built from {manifest.inputs[0]}, and the unit {claim.name!r} belongs to "
                f"{claim.folder}: it is not deployed. Promote a release that was built from there."
            )
        if claim and (problem := foreign_stack(claim, manifest.unit, step.stack_name, step.environment)):
            raise DeploymentError(problem)

    def _propose(self, account: TargetAccount, manifest: Manifest, step: StepInput) -> ChangeSet:
        stack = account.stack(step.stack_name, step.environment)
        found = stack.wait_for_change_set(self.files.propose(manifest, account, step), PATIENCE_SECONDS)
        if found.readiness is Readiness.REFUSED:
            raise DeploymentError(
                f"CloudFormation refused the template of {step.release.name} for stack {step.stack_name} in "
                f"{account.target}: {found.reason} Mend the template and merge again."
            )
        return found

    def _with_drift(
        self, plans: tuple[TargetPlan, ...], looks: list[DriftLook], running: Running
    ) -> tuple[TargetPlan, ...]:
        found = {one.target: one for one in drift_of(looks, self.ledger, self.files, running)}
        return tuple(
            plan.model_copy(update={"drift": drift.changes, "drift_unchecked": drift.unchecked})
            if (drift := found.get(plan.target))
            else plan
            for plan in plans
        )

    def _plan(self, step: StepInput, manifest: Manifest, running: Running, targets: tuple[TargetPlan, ...]) -> Plan:
        old = self._manifest_of(step.release.unit, running.version) if running.version else None
        commits, undone = self._commits(old, manifest), self._undone(old, manifest)
        # What worked here before was decided on before; anything else that undoes commits brings back who knows whose.
        is_known = step.release.version in running.good if undone.found else bool(commits.found or old)
        before, after = set(old.requirements if old else ()), set(manifest.requirements)
        return Plan(
            release=step.release.name,
            environment=step.environment.name,
            stack_name=step.stack_name,
            replaces=running.version,
            targets=targets,
            requirements_added=tuple(sorted(after - before)),
            requirements_removed=tuple(sorted(before - after)),
            commits=tuple(map(_told, commits.found)),
            commits_complete=commits.complete,
            circumstances=self._circumstances(step, manifest),
            undone=tuple(map(_told, undone.found)),
            authors=tuple(dict.fromkeys(person for one in commits.found for person in one.people)),
            network=manifest.network,
            authors_complete=commits.complete and undone.complete and is_known,
            pushers=self.pushers(old, manifest),
        )

    def _circumstances(self, step: StepInput, manifest: Manifest) -> Circumstances:
        execution, request = step.execution, step.request
        automatic = is_automatic(self.ledger, manifest.unit, execution.id, request.train)
        starter = None if automatic or request.train else self.starter(execution)
        # Resolve release knows of squash merges, too.
        merged = self.ledger.merges.contains(step.release) or self.merged(manifest.commit)
        return circumstances(request, manifest.commit, automatic=automatic, starter=starter, merged=merged)

    def _manifest_of(self, unit: str, version: str) -> Manifest:
        return self.files.manifest(self.ledger.releases.release(unit, version))

    def _commits(self, old: Manifest | None, new: Manifest) -> Commits:
        """What is new, since the release that runs there; without one, everything that led to the new one."""
        return self.repository.commits_between(old.commit if old else None, new.commit, new.inputs)

    def _undone(self, old: Manifest | None, new: Manifest) -> Commits:
        """What is in the release that runs there, and not in the new one."""
        if old is None or old.commit == new.commit:
            return Commits(())
        return self.repository.commits_between(new.commit, old.commit, sorted({*old.inputs, *new.inputs}))

    def _result(self, plan: Plan, step: PlanInput) -> PlanResult:
        unit = step.release.unit
        key = layout.plan_key(unit, step.execution.name, step.environment.name)
        self.files.store.put(key, plan.model_dump_json(indent=2).encode())
        empty = all(target.empty for target in plan.targets)
        return PlanResult(
            status=Status.NO_CHANGES if empty else Status.PLANNED,
            message=plan.summary,
            key=key,
            plan_hash=plan.hash,
            requires_approval=requires_approval(step, self.ledger.environments.running(unit, step.environment.name)),
        )


def _target_plan(account: TargetAccount, found: ChangeSet, iam: IamImpact, before: StackState | None) -> TargetPlan:
    return TargetPlan(
        target=account.target,
        change_set=found.id,
        empty=found.readiness is Readiness.EMPTY,
        resources=found.changes,
        iam=iam.changes,
        iam_unknown=iam.unknown,
        tags=tag_changes(tags_of(before) if before else {}, found.tags),
    )


def _told(commit: Commit) -> str:
    return f"{commit.id[:12]} {commit.subject} ({commit.author})"
