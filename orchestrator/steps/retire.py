"""Retire: delete what is left of a unit that is no longer in the repository, one place after the other.

Each call starts a deletion or looks how far it is: the caller asks again until it is done, and goes on with the next
place.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from pydantic import Field

from orchestrator.aws.stack import Stack
from orchestrator.aws.target import Targets
from orchestrator.config.base import UnitName
from orchestrator.config.environment import Environment
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit, unit_for
from orchestrator.errors import DeploymentError, RequestError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.lookup import NamedEnvironment
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.source.demand import RETIRED, Demand
from orchestrator.steps.adoption import ENVIRONMENT_TAG, UNIT_TAG
from orchestrator.steps.contract import Document, Execution
from orchestrator.steps.retire_approval import RetireApprovals

_DELETED, _FAILED = "DELETE_COMPLETE", "DELETE_FAILED"


class RetireStatus(StrEnum):
    """How far a place is."""

    IN_PROGRESS = "IN_PROGRESS"
    NOT_APPROVED = "NOT_APPROVED"
    DELETED = "DELETED"


class RetireInput(Document):
    """What is deleted, and by whom."""

    unit: UnitName
    environment: NamedEnvironment | None = Field(
        default=None, description="Where; left out, the unit's own state machines, when nothing runs any more."
    )
    stack_name: str = Field(default="", description="What the unit's stack there is called.")
    begun: bool = Field(default=False, description="Whether the deletion was started by an earlier call.")
    proof: str | None = Field(
        default=None, repr=False, description="Of who approves the deletion, where the environment asks for approvals."
    )
    execution: Execution


def stack_of(unit: Unit, running: Running, organization: Organization) -> str:
    """The name of a unit's stack in an environment, as the ledger knows it.

    Args:
        unit: with the settings that it had last.
        running: what runs there: settings that were never deployed may name another stack than where that worked.
        organization: names the stacks of units that name none.
    """
    return running.good_stack or unit.stack_name(running.environment, organization)


class RetireResult(Document):
    """How far it is."""

    status: RetireStatus
    message: str = Field(default="", description="What is missing, in a sentence for a person.")


@dataclass(frozen=True)
class Retirer:
    """Carries out Retire.

    Args:
        ledger: knows whether the unit is retired, and what runs.
        branch: the branch that it is gone from.
        open_target: opens targets.
        machines: opens the stack with a unit's state machines, given the stack's name.
        approvals: counts approvals of deletions.
    """

    ledger: Ledger
    branch: str
    open_target: Targets
    machines: Callable[[str], Stack]
    approvals: RetireApprovals

    def __call__(self, step: RetireInput) -> RetireResult:
        """Start deleting in one place, or look how far it is.

        Raises:
            RequestError: the unit is still in the repository, a promotion of it is under way, something of it runs
                though its state machines are to go, the stack is not the unit's or not all that is left of it there,
                or the caller may not approve its deletion.
            DeploymentError: CloudFormation could not delete a stack; says which resource.
        """
        demand = self._check(step.unit)
        if step.environment is None:
            self._check_left(step.unit)
        else:
            self._check_name(step, step.environment, demand)
            self._check_others(step, step.environment)
        stacks = list(self._stacks(step))
        for stack in stacks:
            self._check_owner(stack, step)
        if step.environment and self._is_ours(step):
            lacking = self.approvals(demand, step.environment, step.stack_name, step.proof)
            if lacking:
                return RetireResult(status=RetireStatus.NOT_APPROVED, message=lacking)
        busy = [stack for stack in stacks if self._is_left(stack, step)]
        if busy:
            return RetireResult(status=RetireStatus.IN_PROGRESS)
        if step.environment:
            self.ledger.environments.forget(step.unit, step.environment.name)
        else:
            self.ledger.branches.forget(self.branch, step.unit, step.execution.id)
        return RetireResult(status=RetireStatus.DELETED)

    def _is_left(self, stack: Stack, step: RetireInput) -> bool:
        """Whether a stack is there still; its deletion is started if need be.

        Where nothing of the unit was ever deployed, that is one that was only planned: another one is not the unit's.
        """
        state = stack.state()
        if state is None or state.status == _DELETED or (state.exists and not self._is_ours(step)):
            return False
        if not state.exists and state.tags.get(UNIT_TAG) != step.unit:
            return False
        if step.begun and state.status == _FAILED:
            raise DeploymentError(
                f"The stack {stack.name} in {stack.where} could not be deleted: {stack.failure()} Put right what "
                "the reason names (a bucket must be empty), then try again."
            )
        if not state.busy:
            stack.delete()
        return True

    def _is_ours(self, step: RetireInput) -> bool:
        """Whether the unit's state machines are asked for, or an environment that it was deployed to."""
        environment = step.environment
        return environment is None or self.ledger.environments.running(step.unit, environment.name).version is not None

    def _check_name(self, step: RetireInput, environment: Environment, demand: Demand) -> None:
        """Refuse another stack than the ledger knows: when that is gone, or never was, the environment is forgotten."""
        running = self.ledger.environments.running(step.unit, environment.name)
        organization = self.approvals.guardrails().organization
        known = stack_of(unit_for(step.unit, demand.pipeline), running, organization)
        if step.stack_name != known:
            raise RequestError(
                f"The stack {step.stack_name!r} is not deleted: in {environment.name}, the ledger knows the stack of "
                f"{step.unit} as {known}. 'orchestrator retire {step.unit} --delete' deletes that one."
            )

    def _check_others(self, step: RetireInput, environment: Environment) -> None:
        """Refuse to forget an environment in which another stack of the unit is left, such as a former one."""
        claim = self.ledger.claims.of_unit(step.unit)
        if claim is None or not self._is_ours(step):
            return
        for target in environment.targets:
            there = {one.rpartition("/")[2] for one in claim.stacks if one.startswith(f"{target}/")}
            for name in sorted(there - {step.stack_name}):
                stack = self.open_target(environment, target, step.execution).stack(name, environment)
                state = stack.state()
                if state and state.exists and _tags(state.tags, step) == _expected(step):
                    raise RequestError(
                        f"The stack {name} in {stack.where} is left of {step.unit} in {environment.name}, beside "
                        f"{step.stack_name}: delete it yourself, then try again."
                    )

    def _check_owner(self, stack: Stack, step: RetireInput) -> None:
        """Refuse a stack that the unit does not own, by the stack's own tags and by the ledger.

        Where the ledger knows of no deployment, what exists is left alone anyway.
        """
        state = stack.state()
        if state is None or not state.exists or not self._is_ours(step):
            return
        tags = _tags(state.tags, step)
        claim = self.ledger.claims.of_unit(step.unit)
        claimed = not step.environment or bool(claim and f"{stack.where}/{stack.name}" in claim.stacks)
        if tags != _expected(step) or not claimed:
            where = f"The stack {stack.name} in {stack.where}"
            found = ", ".join(f"{name}={value!r}" for name, value in tags.items())
            raise RequestError(
                f"{where} is not deleted: it is not {step.unit}'s"
                f"{f' in {step.environment.name}' if step.environment else ''}. Its tags say {found}, and the ledger "
                f"{'agrees that the unit owned it' if claimed else 'does not know it as one of the unit'}. Delete it "
                "yourself if it is to go."
            )

    def _check(self, unit: str) -> Demand:
        standing = self.ledger.branches.standings(self.branch, [unit]).get(unit)
        if standing is None or standing.demand is None or standing.definition != RETIRED:
            raise RequestError(f"{unit} is not retired: take its folder out of {self.branch} first.")
        under_way = [one.name for one in self.ledger.promotions.under_way(unit)]
        if under_way:
            raise RequestError(
                f"{', '.join(under_way)} of {unit} is under way: wait for its end, or 'orchestrator abort {unit}'."
            )
        return standing.demand

    def _check_left(self, unit: str) -> None:
        """Refuse to forget a unit of which something runs: its name and its stacks would be anybody's."""
        names = self.approvals.guardrails().organization.environment_names
        if left := [one for one in names if self.ledger.environments.running(unit, one).version is not None]:
            raise RequestError(
                f"{unit} still runs in {', '.join(left)}: delete it there first, with 'orchestrator retire {unit} "
                "--delete'."
            )

    def _stacks(self, step: RetireInput) -> Iterator[Stack]:
        if step.environment is None:
            yield self.machines(unit_for(step.unit, "{}").promotion_stack_name)
            return
        for target in step.environment.targets:
            account = self.open_target(step.environment, target, step.execution)
            yield account.stack(step.stack_name, step.environment)


def _expected(step: RetireInput) -> dict[str, str]:
    """The tags that deployments give a stack."""
    environment = {ENVIRONMENT_TAG: step.environment.name} if step.environment else {}
    return {UNIT_TAG: step.unit, **environment}


def _tags(tags: Mapping[str, str], step: RetireInput) -> dict[str, str]:
    """Of a stack's tags, those that deployments give it."""
    return {name: tags.get(name, "") for name in _expected(step)}
