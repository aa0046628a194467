"""When a merge arrives: bring the state machines of the affected units up to date, and start their promotions."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.aws.change_set import Readiness
from orchestrator.aws.stack import Stack, Template
from orchestrator.build import layout
from orchestrator.build.store import ArtifactStore
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.errors import DeploymentError, OrchestratorError, RequestError
from orchestrator.ledger.ledger import Ledger
from orchestrator.source.affected import LastStart, Verdict, verdicts
from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.repository import SourceRepository
from orchestrator.steps.deployment import template_source

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Answer = TypeVar("Answer")

_STACK_SECONDS = 120.0


class Merge(BaseModel):
    """The detail of a merge event: a branch moved to a commit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    branch: str
    commit: str


class MergeEvent(BaseModel):
    """The event as EventBridge delivers it; there is more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail: Merge


class StartedPromotion(BaseModel):
    """A promotion that a merge started."""

    model_config = ConfigDict(frozen=True)

    unit: str
    execution: str
    reason: str


class MergeResult(BaseModel):
    """What a merge led to.

    Attributes:
        problems: what must be mended in the repository: units that are not valid.
        failures: what went wrong while starting, which trying again may cure.
    """

    model_config = ConfigDict(frozen=True)

    commit: str
    started: tuple[StartedPromotion, ...] = ()
    unchanged: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


class MergeFailedError(OrchestratorError):
    """Some of the promotions that a merge calls for could not be started; trying again may start them."""


class UnitStackTemplate(Protocol):
    """Renders the template of a unit's stack; the pure function of the state machines."""

    def __call__(self, unit: Unit, organization: Organization) -> str:
        """Render it."""


@dataclass(frozen=True)
class MergeHandler:
    """Acts on merge events. An event that comes twice, or too late, does nothing.

    Args:
        ledger: tells what was last started.
        repository: what was merged into.
        branch: the branch whose merges count.
        template: renders a unit's stack.
        stack: opens the stack of a unit in the tooling account.
        store: the tooling account's artifacts; a template that is too large for a request goes there.
        stepfunctions: starts executions.
    """

    ledger: Ledger
    repository: SourceRepository
    branch: str
    template: UnitStackTemplate
    stack: Callable[[str], Stack]
    store: ArtifactStore
    stepfunctions: "SFNClient"

    def __call__(self, event: MergeEvent) -> MergeResult:
        """Start a promotion of every unit that is not as it was when one was last started.

        One unit's problem does not hold the others back; all problems are in the result.

        Raises:
            ConfigurationError: `orchestrator.toml` is not valid.
            UnknownNameError: the repository has no such commit, or no such branch.
        """
        merge = event.detail
        if merge.branch != self.branch:
            return MergeResult(commit=merge.commit)
        # An event tells that a branch moved, not where it is: events come late, twice and in any order.
        self.repository.commit(merge.commit)
        catalog = read_catalog(self.repository, self.branch)
        judged = verdicts(catalog, self.ledger.promotions.last_starts(self.branch))
        run = _Run(self, catalog, [one for one in judged if one.affected])
        run.start_all()
        return MergeResult(
            commit=catalog.commit.id,
            started=tuple(run.started),
            unchanged=tuple(one.unit for one in judged if not one.affected),
            problems=tuple(map(str, catalog.problems.values())),
            failures=tuple(run.failures),
        )


@dataclass
class _Run:
    """One merge being acted on: first all stacks, then all promotions, so that the stacks change side by side."""

    handler: MergeHandler
    catalog: Catalog
    affected: list[Verdict]
    started: list[StartedPromotion] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def start_all(self) -> None:
        """Start the promotion of every affected unit whose stack could be brought up to date."""
        changing = [(one, stack) for one in self.affected if (stack := self._each(one, self._change_stack))]
        for verdict, stack in changing:
            if self._each(verdict, partial(self._finish, stack)):
                self._each(verdict, self._start)

    def _each(self, verdict: Verdict, act: Callable[[Verdict], Answer]) -> Answer | None:
        try:
            return act(verdict)
        except (OrchestratorError, ClientError) as error:
            self.failures.append(f"{verdict.unit}: {error}")
            return None

    def _change_stack(self, verdict: Verdict) -> Stack:
        """Start changing a unit's stack, without waiting for the end; often there is nothing to change."""
        unit = self.catalog.unit(verdict.unit)
        body = self.handler.template(unit, self.catalog.organization)
        stack = self.handler.stack(unit.promotion_stack_name)
        digest = hashlib.sha256(body.encode()).hexdigest()
        source = template_source(self.handler.store, layout.unit_stack_key(unit.name, digest), body.encode())
        name = f"definition-{self.catalog.commit.id[:12]}-{digest[:12]}"
        change_set = stack.propose(name, Template(**source, tags={"orchestrator:unit": unit.name}))
        found = stack.wait_for_change_set(change_set, _STACK_SECONDS)
        if found.readiness is Readiness.READY:
            stack.execute(change_set)
        elif found.readiness not in (Readiness.EMPTY, Readiness.EXECUTING, Readiness.EXECUTED):
            raise DeploymentError(f"The stack {stack.name} cannot be changed: {found.reason or found.readiness}")
        return stack

    @staticmethod
    def _finish(stack: Stack, _: Verdict) -> bool:
        state = stack.wait_until_settled(_STACK_SECONDS)
        if state is None or not state.healthy:
            status = state.status if state else "gone"
            raise DeploymentError(f"The stack {stack.name} could not be changed ({status}): {stack.failure()}")
        return True

    def _start(self, verdict: Verdict) -> None:
        unit, commit = self.catalog.unit(verdict.unit), self.catalog.commit
        arn = self.catalog.organization.state_machine_arn(unit.state_machine_name)
        request = {"branch": self.handler.branch, "commit": commit.id, "digest": verdict.digest}
        execution = start_execution(
            self.handler.stepfunctions, arn, f"merge-{commit.id[:12]}-{verdict.digest[:12]}", request
        )
        inputs = {one.path: one.id for one in self.catalog.inputs[unit.name]}
        start = LastStart(verdict.digest, inputs, commit.id, execution)
        self.handler.ledger.promotions.record_start_on_branch(self.handler.branch, unit.name, start)
        self.started.append(StartedPromotion(unit=unit.name, execution=execution, reason=verdict.explanation))


def start_execution(stepfunctions: "SFNClient", arn: str, name: str, request: dict[str, Any]) -> str:
    """Start an execution under a name of its own; one that was started under it already is returned as it is."""
    try:
        started = stepfunctions.start_execution(
            stateMachineArn=arn, name=name, input=json.dumps(request, sort_keys=True)
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ExecutionAlreadyExists":
            raise
        return f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
    return started["executionArn"]


def parse_event(event: Any) -> MergeEvent:
    """Read an event.

    Raises:
        RequestError: it is not a merge event.
    """
    try:
        return MergeEvent.model_validate(event)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise RequestError(
            f'This is not a merge event: {problems}. Its detail must be {{"branch": "main", "commit": "<sha>"}}.'
        ) from error
