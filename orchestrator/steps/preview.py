"""Preview: what a deployment would change right now, for a person who asks; nothing is changed and nothing is kept."""

from pydantic import Field

from orchestrator.aws.stack import Stack
from orchestrator.errors import DeploymentError
from orchestrator.frozen import dataclass
from orchestrator.source.refs.merged import UnmergedError
from orchestrator.steps.contract import Status, StepInput, StepResult
from orchestrator.steps.deployment import change_set_name
from orchestrator.steps.plan import Planner
from orchestrator.steps.plan_document import Plan

# Each try waits as long for CloudFormation as a promotion's does.
_TRIES = 5


class PreviewInput(StepInput):
    """What is looked at, as if a promotion that begins now came there."""


class PreviewResult(StepResult):
    """What was found."""

    plan: Plan | None = Field(default=None, description="None when it could not be worked out in time.")
    kept_back: str = Field(default="", description="What would keep such a promotion out of the environment now.")


@dataclass(frozen=True)
class Previewer:
    """Carries out Preview.

    Args:
        planner: makes the plan as a promotion's is made.
    """

    planner: Planner

    def __call__(self, step: PreviewInput) -> PreviewResult:
        """Plan, and delete the change sets.

        Raises:
            DeploymentError: CloudFormation refused the template, or a stack must be mended first, which a deployment
                would begin with.
        """
        step = _apart(step)
        accounts = [
            self.planner.targets(step.environment, target, step.execution) for target in step.environment.targets
        ]
        stacks = [account.stack(step.stack_name, step.environment) for account in accounts]
        states = [stack.state() for stack in stacks]
        broken = [
            f"{stack.where} ({state.status})"
            for stack, state in zip(stacks, states, strict=True)
            if state and state.left_over
        ]
        if broken:
            raise DeploymentError(
                f"The stack {step.stack_name} in {', '.join(broken)} is left over from an operation that failed. A "
                "deployment would begin by mending that; before, nobody can tell what else it would change."
            )
        kept_back = self._kept_back(step)
        try:
            found = next((plan for _ in range(_TRIES) if isinstance(plan := self.planner.plan(step), Plan)), None)
        finally:
            self._discard(step, [(stack, state is None) for stack, state in zip(stacks, states, strict=True)])
        return PreviewResult(
            status=Status.PLANNED if found else Status.BUSY,
            message=found.summary if found else f"{step.stack_name} is being changed, or CloudFormation takes long.",
            plan=found,
            kept_back=kept_back,
        )

    def _kept_back(self, step: PreviewInput) -> str:
        try:
            refusal = self.planner.admission(step)
        except UnmergedError as error:
            return str(error)
        return refusal.message if refusal else ""

    @staticmethod
    def _discard(step: PreviewInput, stacks: list[tuple[Stack, bool]]) -> None:
        name = change_set_name(step.release.version, step.execution)
        for stack, was_absent in stacks:
            stack.discard(name, and_stack=was_absent)


def _apart(step: PreviewInput) -> PreviewInput:
    """The same, with change sets that no promotion has, whatever execution the caller names."""
    execution = step.execution.model_copy(update={"id": f"preview/{step.execution.id}"})
    return step.model_copy(update={"execution": execution})
