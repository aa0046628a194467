"""Start promotion: bring one unit's state machines up to date, and start the promotion or train that is called for.

What is to be done is read from the ledger when it is done, not from the message that says that there is something: so
messages may be lost, doubled or late, and what was overtaken is not done at all.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.change_set import Readiness
from orchestrator.aws.errors import error_code
from orchestrator.aws.executions import execution_arn, start_execution
from orchestrator.aws.stack import Stack
from orchestrator.aws.template import Template
from orchestrator.config import organization as organization_file
from orchestrator.config.load import load_organization
from orchestrator.config.organization import Organization
from orchestrator.config.unit import unit_for
from orchestrator.errors import DeploymentError, OrchestratorError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails, placed
from orchestrator.ledger.ledger import Ledger
from orchestrator.releases import layout
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.affected import LastStart
from orchestrator.source.demand import RETIRED, Demand, Standing, Together
from orchestrator.source.repository import SourceRepository
from orchestrator.steps.definitions import Definitions, UnitStackTemplate
from orchestrator.steps.deployment import Change, Progress, change_of, template_source
from orchestrator.steps.start_train import TrainStarter

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Answer = TypeVar("Answer")

# All stacks of a batch change side by side, but are waited for one after the other, within one call of a Lambda.
_STACK_SECONDS = 45.0


@dataclass(frozen=True)
class Started:
    """What came of some units.

    Attributes:
        executions: by unit, the promotion that was started, or the train that it is a member of.
        failures: by unit, what went wrong, which trying again may cure.
    """

    executions: Mapping[str, str]
    failures: Mapping[str, str]


@dataclass(frozen=True)
class PromotionStarter:
    """Does what is called for, for a few units at a time.

    Args:
        ledger: knows what is called for.
        repository: where the organization is read, when state machines have to change.
        template: renders a unit's stack.
        retired: renders the stack of a unit that is gone.
        stack: opens the stack of a unit in the tooling account.
        store: the tooling account's artifacts; a template that is too large for a request goes there.
        stepfunctions: starts executions.
        state_machine_arn: the ARN of a state machine of the tooling account, given its name.
        guardrails: reads the accounts, roles and names that state machines are made of.
    """

    ledger: Ledger
    repository: SourceRepository
    template: UnitStackTemplate
    retired: UnitStackTemplate
    stack: Callable[[str], Stack]
    store: ArtifactStore
    stepfunctions: "SFNClient"
    state_machine_arn: Callable[[str], str]
    guardrails: Callable[[], Guardrails]

    def __call__(self, branch: str, units: list[str]) -> Started:
        """Do it; one unit's problem does not hold the others back."""
        standings = self.ledger.branches.standings(branch, units)
        called = {name: (standing, standing.demand) for name, standing in standings.items() if standing.demand}
        batch = _Batch(self, branch, called)
        batch.work()
        return Started(batch.executions, batch.failures)


@dataclass
class _Batch:
    """Some units being worked on: first all stacks, then all promotions, so that the stacks change side by side."""

    starter: PromotionStarter
    branch: str
    called: Mapping[str, tuple[Standing, Demand]]
    executions: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    organizations: dict[str, Organization] = field(default_factory=dict)

    def work(self) -> None:
        """Do all that is due."""
        due = {name: (standing, one) for name, (standing, one) in self.called.items() if not standing.meets(one)}
        changing = {
            name: self._each(name, partial(self._change_stack, demand))
            for name, (standing, demand) in due.items()
            if standing.definition != demand.definition
        }
        for name, (standing, demand) in due.items():
            if name not in self.failures:
                self._each(name, partial(self._finish, standing, demand, changing.get(name)))
        self._start_trains()

    def _each(self, name: str, act: Callable[[], Answer]) -> Answer | None:
        try:
            return act()
        except (OrchestratorError, ClientError, BotoCoreError) as error:
            self.failures[name] = str(error)
            return None

    def _finish(self, standing: Standing, demand: Demand, changing: "_Changing | None") -> None:
        if changing:
            self._settle(changing)
        if demand.is_retired or demand.together or standing.has_started(demand):
            return
        try:
            self._start(demand)
        except ClientError as error:
            if error_code(error) != "StateMachineDoesNotExist" or changing:
                raise
            # Somebody deleted it by hand.
            self._settle(self._change_stack(demand))
            self._start(demand)

    def _change_stack(self, demand: Demand) -> "_Changing":
        """Start changing a unit's stack, without waiting for the end; often there is nothing to change."""
        organization = self._organization(demand.commit)
        unit = unit_for(demand.unit, demand.pipeline)
        render = self.starter.retired if demand.is_retired else self.starter.template
        body = render(unit, organization)
        # As it is here and now: the orchestrator may have become another one since.
        definitions = Definitions(self.starter.template, organization)
        definition = RETIRED if demand.is_retired else definitions.of(demand.pipeline)
        stack = self.starter.stack(unit.promotion_stack_name)
        if demand.is_retired and not self._has_stack(stack):
            return _Changing(unit.name, definition)
        digest = hashlib.sha256(body.encode()).hexdigest()
        source = template_source(self.starter.store, layout.unit_stack_key(unit.name, digest), body.encode())
        name = f"definition-{demand.commit[:12]}-{digest[:12]}"
        change_set = stack.propose(name, Template(**source, tags={"orchestrator:unit": unit.name}))
        found = stack.wait_for_change_set(change_set, _STACK_SECONDS)
        if found.readiness is Readiness.EMPTY:
            return _Changing(unit.name, definition)
        if found.readiness is Readiness.READY:
            stack.execute(change_set)
        elif found.readiness not in (Readiness.EXECUTING, Readiness.EXECUTED):
            raise DeploymentError(f"The stack {stack.name} cannot be changed: {found.reason or found.readiness}")
        return _Changing(unit.name, definition, stack, change_set)

    @staticmethod
    def _has_stack(stack: Stack) -> bool:
        state = stack.state()
        return state is not None and state.exists

    def _settle(self, changing: "_Changing") -> None:
        stack = changing.stack
        if stack:
            change = stack.wait_for(lambda: change_of(stack, changing.change_set), _unfinished, _STACK_SECONDS)
            if change.progress is not Progress.DONE:
                raise DeploymentError(
                    f"The stack {stack.name} could not be changed: {change.reason or stack.failure()}"
                )
        self.starter.ledger.branches.record_definition(self.branch, changing.unit, changing.definition)

    def _organization(self, commit: str) -> Organization:
        if commit not in self.organizations:
            file = organization_file.FILE_NAME
            text = self.starter.repository.files(commit, [file])[file]
            self.organizations[commit] = placed(load_organization(text), self.starter.guardrails().organization)
        return self.organizations[commit]

    def _start(self, demand: Demand) -> None:
        arn = self.starter.state_machine_arn(f"promote-{demand.unit}")
        request = {"branch": self.branch, "commit": demand.commit, "digest": demand.digest}
        # The same digest may be called for again, by a branch that went back: the run tells them apart.
        name = f"merge-{demand.commit[:12]}-{demand.digest[:12]}-{demand.run}"
        # Noted first: what is not noted when it asks for its release is not a merge's.
        self.starter.ledger.starts.note(demand.unit, execution_arn(arn, name), request)
        execution = start_execution(self.starter.stepfunctions, arn, name, request)
        start = LastStart(demand.digest, demand.inputs, demand.commit, execution)
        self.starter.ledger.branches.record_start(self.branch, demand.unit, start)
        self.executions[demand.unit] = execution

    def _start_trains(self) -> None:
        """Start those that members were named of, unless others are not ready yet: who names one of these does it."""
        start = TrainStarter(
            self.starter.ledger.branches,
            self.starter.ledger.starts,
            self.starter.stepfunctions,
            self.starter.state_machine_arn,
        )
        seen: list[Together] = []
        for name, (_, demand) in self.called.items():
            if demand.together and demand.together not in seen and name not in self.failures:
                seen.append(demand.together)
                self.executions |= self._each(name, partial(start, self.branch, demand.together)) or {}


@dataclass(frozen=True)
class _Changing:
    """A stack that is being changed by a change set, None when there is nothing to change, and what it will define."""

    unit: str
    definition: str
    stack: Stack | None = None
    change_set: str = ""


def _unfinished(change: Change) -> bool:
    return change.progress is Progress.PENDING
