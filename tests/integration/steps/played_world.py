"""Step Functions and the target of one unit in one environment, played by a few lines for the real steps."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError

from orchestrator.aws.change_set import ChangeSet, Readiness
from orchestrator.config.environment import Environment
from orchestrator.releases import layout
from orchestrator.steps.contract import Execution, Release, Request
from orchestrator.steps.deployment import Change, Progress
from orchestrator.steps.plan_document import Plan, TargetPlan

STACK = "app-clock"
MACHINE = "arn:aws:states:eu-west-1:111111111111:stateMachine:promote-clock"


class KilledError(Exception):
    """The process of a Lambda ends in the middle of what it does."""


@dataclass
class Run:
    """One promotion: where it stands, and what it was answered."""

    execution: Execution
    release: Release
    request: Request
    at: str = "plan"
    plan: dict[str, Any] = field(default_factory=dict)
    approval: dict[str, Any] | None = None
    status: str = "RUNNING"


class World:
    """Step Functions, SNS, and the target: what the steps are handed."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.plans: dict[str, Plan] = {}
        self.deployed: str | None = None
        self.passes = True
        self.killed: Literal["before", "after"] | None = None
        """When the next one who answers a promotion is killed: before it is answered, or after."""
        self.meanwhile: Callable[[], object] | None = None
        """What happens right before the next promotion is answered."""

    def send_task_success(self, taskToken: str, output: str) -> None:  # noqa: N803  # boto3's names.
        """Answer a promotion that waits; whoever does not is gone."""
        killed, self.killed = self.killed, None
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        if killed != "before":
            self._answer(taskToken, output)
        if killed:
            raise KilledError

    def _answer(self, token: str, output: str) -> None:
        run = next(one for one in self.runs if f"token-{one.execution.name}" == token)
        if run.at != "asked" or run.status != "RUNNING":
            raise ClientError({"Error": {"Code": "TaskTimedOut", "Message": ""}}, "SendTaskSuccess")
        run.approval = json.loads(output)
        run.at = "deploy"
        if '"APPROVED"' not in output:
            run.at, run.status = "over", "SUCCEEDED" if '"SUPERSEDED"' in output else "FAILED"

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803  # boto3's name.
        """Tell how a promotion stands."""
        run = next(one for one in self.runs if one.execution.id == executionArn)
        return {
            "executionArn": executionArn,
            "stateMachineArn": MACHINE,
            "name": run.execution.name,
            "startDate": run.execution.started_at,
            "status": run.status,
            "input": run.request.model_dump_json(exclude_defaults=True),
            "output": "{}",
        }

    def publish(self, **_notice: str) -> None:
        """Tell people: nobody listens."""

    def starter(self, *_arguments: object) -> None:
        """CloudTrail knows nothing."""

    def is_alive(self, execution_id: str) -> bool:
        """Whether a promotion runs."""
        return any(one.execution.id == execution_id and one.status == "RUNNING" for one in self.runs)

    def has_ended(self, execution_id: str) -> bool:
        """Whether a promotion was stopped."""
        return not self.is_alive(execution_id)

    # The target: an account with one stack.
    target = "555555555555/eu-west-1"

    def stack(self, *_arguments: object) -> "World":
        """The only stack."""
        return self

    def state(self) -> None:
        """Nothing is known of it, so nothing is under way."""

    def wait_until_settled(self, _seconds: float) -> None:
        """Nothing is ever under way."""

    def wait_for_change_set(self, change_set: str, _seconds: float) -> ChangeSet:
        """It is always ready."""
        return ChangeSet(id=change_set, readiness=Readiness.READY)

    def execute(self, change_set: str) -> None:
        """Deploy: a change set is the version."""
        self.deployed = change_set

    def wait_for(self, *_arguments: object) -> Change:
        """It is always done."""
        return Change(progress=Progress.DONE)

    def manifest(self, release: Release) -> Any:
        """What is needed of a manifest."""
        return _Manifest(release)

    def keep(self, run: Run, environment: Environment, replaces: str | None) -> dict[str, Any]:
        """Keep the plan of a promotion, which changes no resource; returns what Plan answers."""
        plan = Plan(
            release=run.release.name,
            environment=environment.name,
            stack_name=STACK,
            replaces=replaces,
            targets=tuple(
                TargetPlan(target=one, change_set=run.release.version, empty=True, resources=())
                for one in environment.targets
            ),
            requirements_added=(),
            requirements_removed=(),
            commits=(),
        )
        key = layout.plan_key(run.release.unit, run.execution.name, environment.name)
        self.plans[key] = plan
        return {"status": "PLANNED", "message": "", "key": key, "plan_hash": plan.hash}

    @property
    def store(self) -> "World":
        """Where plans are kept."""
        return self

    def get(self, key: str) -> bytes:
        """Read a plan."""
        return self.plans[key].model_dump_json().encode()

    def copy(self, *_arguments: object) -> None:
        """Nothing to copy."""

    def propose(self, manifest: "_Manifest", *_arguments: object) -> str:
        """A change set is the version."""
        return manifest.version


class _Manifest:
    def __init__(self, release: Release) -> None:
        self.version, self.name, self.settings = release.version, release.name, self
        self.smoke_tests = ()
