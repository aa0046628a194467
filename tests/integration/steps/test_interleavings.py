"""Any interleaving of promotions, decisions, failures, stops and lost or doubled events keeps the promises.

The real steps and the real ledger (on moto), one unit and one environment that asks for approval; Step Functions and
the target are played by a few lines, so that Hypothesis can try thousands of orders.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from moto import mock_aws

from orchestrator.aws.change_set import ChangeSet, Readiness
from orchestrator.config.organization import Environment
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.admission import Admission
from orchestrator.steps.contract import (
    Execution,
    Release,
    Request,
    SmokeTestOutcome,
    Status,
    StepResult,
)
from orchestrator.steps.decide import DecideInput, Decider
from orchestrator.steps.deploy import Deployer, DeployInput
from orchestrator.steps.deployment import Change, Progress
from orchestrator.steps.on_promotion_change import ChangeDetail, PromotionChange, PromotionChanged
from orchestrator.steps.plan_document import Plan
from orchestrator.steps.request_approval import ApprovalRequester, RequestApprovalInput
from orchestrator.steps.roll_back import Parts, RollBack, RollBackInput
from orchestrator.steps.smoke_test import SmokeTester, SmokeTestInput
from tests.ledger_table import make_ledger_table

MACHINE = "arn:aws:states:eu-west-1:111111111111:stateMachine:promote-clock"
PROD = Environment.model_validate({"name": "prod", "account": "5" * 12, "region": "eu-west-1", "approval": True})
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


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

    def send_task_success(self, taskToken: str, output: str) -> None:  # noqa: N803  # boto3's names.
        """Answer a promotion that waits; whoever does not is gone."""
        run = next(one for one in self.runs if f"token-{one.execution.name}" == taskToken)
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

    def keep(self, release: str, replaces: str | None) -> Plan:
        """Keep a plan under its hash."""
        plan = Plan(
            release=release,
            environment="prod",
            replaces=replaces,
            targets=(),
            requirements_added=(),
            requirements_removed=(),
            commits=(),
        )
        self.plans[plan.hash] = plan
        return plan

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


class Promotions(RuleBasedStateMachine):
    """Promotions of one unit to one environment."""

    @initialize()
    def begin(self) -> None:
        """An empty ledger."""
        self.stack = ExitStack()
        self.stack.enter_context(mock_aws())
        table = make_ledger_table(boto3.Session(region_name="eu-west-1"))
        self.now = BEGIN
        self.world = World()
        self.ledger = Ledger(table, lambda: self.now)
        self.passed: set[str] = set()
        self.orders: list[str] = [""]
        admission = Admission(self.ledger, lambda: self.now, self.world.is_alive)
        self.admission = admission
        world: Any = self.world  # It plays many parts, a little of each.

        target: Any = lambda *_: world  # noqa: E731  # Whatever it is asked for.
        check: Any = lambda *_: [SmokeTestOutcome(test="t", target="t", passed=world.passes, message="")]  # noqa: E731  # The same.

        self.ask_for = ApprovalRequester(self.ledger, world, world, world, "topic")
        self.decider = Decider(self.ledger, world, world, world, lambda: self.now)
        self.deployer = Deployer(self.ledger, admission, world, target, world)
        self.tester = SmokeTester(self.ledger, world, target, check)
        good: Any = lambda *_: []  # noqa: E731  # The last known good release passes its smoke tests.
        self.roller = RollBack(self.ledger, world, target, good)
        self.ender = PromotionChange(self.ledger, world, world, "topic")

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.stack.close()

    def input_of(self, run: Run) -> dict[str, Any]:
        """What every step is given."""
        return {
            "release": run.release,
            "environment": PROD,
            "stack_name": "app-clock",
            "execution": run.execution,
            "request": run.request,
        }

    def at(self, *places: str) -> list[Run]:
        """Promotions that stand there and run."""
        return [one for one in self.world.runs if one.at in places and one.status == "RUNNING"]

    def one_of(self, runs: list[Run], number: int) -> Run | None:
        """One of some promotions; a newer one for a smaller number."""
        return runs[-1 - number % len(runs)] if runs else None

    @rule(by_hand=st.booleans(), later=st.integers(0, 2))
    def start(self, by_hand: bool, later: int) -> None:  # noqa: FBT001  # Hypothesis draws it.
        """A merge or a person; several may start in one moment. Two at a time meet most often."""
        if len(self.at("plan", "asked", "deploy", "verify")) > 1:
            return
        self.now += timedelta(milliseconds=later)
        number = len(self.world.runs)
        name, version = f"run-{number}", f"0.{number}.0"
        release = Release(
            unit="clock", version=version, digest=version, commit="c", manifest="m", manifest_sha256=version
        )
        request = Request(version=version) if by_hand else Request(commit="c", branch="main")
        execution = Execution(
            id=f"{MACHINE.replace('stateMachine', 'execution')}:{name}", name=name, started_at=self.now
        )
        self.world.runs.append(Run(execution, release, request))
        item = {"manifest": "m", "manifest_sha256": version, "unit": "clock", "version": version, "digest": version}
        self.ledger.releases._table.put(  # noqa: SLF001  # A release without a build.
            {"pk": "UNIT#clock", "sk": f"RELEASE#{version}", **item, "commit": "c", "published_at": str(number)}
        )

    # Three rules, so that most of what happens is that some promotion goes on.
    @rule(number=st.integers(0, 1), yes=st.booleans())
    def go_on(self, number: int, yes: bool) -> None:  # noqa: FBT001  # Hypothesis draws it.
        """The next step of a promotion; when it waits, somebody decides."""
        run = self.one_of(self.at("plan", "asked", "deploy", "verify"), number)
        if run:
            {"plan": self.plan, "asked": self.decided, "deploy": self.deploy, "verify": self.verify}[run.at](run, yes)

    @rule(number=st.integers(0, 1))
    def go_on_well(self, number: int) -> None:
        """The next step of a promotion, with a good end."""
        self.go_on(number, yes=True)

    @rule(number=st.just(1))
    def an_older_one_goes_on_well(self, number: int) -> None:
        """The next step of a promotion that is not the newest."""
        self.go_on(number, yes=True)

    def plan(self, run: Run, _: bool) -> None:  # noqa: FBT001  # As all of them.
        """Plan, and ask for approval at once."""
        refusal = self.admission(SmokeTestInput(**self.input_of(run)))
        if refusal:
            over = refusal.status in (Status.SUPERSEDED, Status.HELD, Status.QUARANTINED)
            run.at, run.status = ("over", "SUCCEEDED") if over else (run.at, run.status)
            return
        replaces = self.ledger.environments.running("clock", "prod").version
        kept = self.world.keep(run.release.name, replaces).hash
        run.plan = {"status": "PLANNED", "message": "", "key": kept, "plan_hash": kept, "replaces": replaces}
        run.at = "asked"
        gate = "arn:aws:states:eu-west-1:1:stateMachine:g"
        asked = {"plan": run.plan, "gate_arn": gate, "token": f"token-{run.execution.name}"}
        self.ask_for(RequestApprovalInput.model_validate({**self.input_of(run), **asked}))

    def decided(self, run: Run, approve: bool) -> None:  # noqa: FBT001  # As all of them.
        """Somebody decides on a release, whether or not it is the one that waits."""
        given = {"release": run.release.version, "decision": "approve" if approve else "reject"}
        where = {"unit": "clock", "environment": "prod", "gate": "g", "started_at": self.now}
        self.decider(DecideInput.model_validate({**where, "decision": given}))

    def deploy(self, run: Run, _: bool) -> None:  # noqa: FBT001  # As all of them.
        """Deploy what was approved."""
        extra = {"plan": run.plan, "gated": True, "approval": run.approval}
        result = self.deployer(DeployInput.model_validate({**self.input_of(run), **extra}))
        if result.status is Status.SUCCEEDED:
            held = self.ledger.environments.free_lock("clock", "prod", run.execution.id)
            assert held, "deployed without the lock"
            self.ledger.environments.take_lock("clock", "prod", run.execution)
            assert run.approval is not None
            assert run.approval["status"] == "APPROVED"
            self.world.deployed, run.at = run.release.version, "verify"
        elif result.status is Status.STALE:
            run.at = "plan"
        elif result.status not in (Status.BUSY, Status.FROZEN):
            run.at, run.status = "over", "SUCCEEDED"

    def verify(self, run: Run, passes: bool) -> None:  # noqa: FBT001  # As all of them.
        """Smoke-test, and roll back what fails."""
        assert self.world.deployed == run.release.version, "somebody deployed beneath a promotion that holds the lock"
        self.world.passes = passes
        tested = self.tester(SmokeTestInput(**self.input_of(run)))
        run.at = "over"
        if passes:
            self.passed.add(run.release.version)
            run.status = "SUCCEEDED"
            return
        part = Parts(deployment=StepResult(status=Status.SUCCEEDED, message=""), smoke_test=tested)
        self.roller(RollBackInput(**self.input_of(run), environment_part=part))
        run.status = "FAILED"

    @rule(number=st.integers(0, 3), what=st.sampled_from(["stop", "tell", "tell", "decide", "resume"]))
    def disturb(self, number: int, what: str) -> None:
        """What comes from outside, at any moment."""
        if what == "resume":
            self.ledger.controls.lift_hold("clock", "prod", "somebody")
        elif what == "decide" and (run := self.one_of(self.world.runs, number)):
            self.decided(run, approve=True)
        elif what == "stop" and (run := self.one_of(self.at("plan", "asked", "deploy", "verify"), number)):
            # By hand, or its process died.
            run.status = "ABORTED"
        elif run := self.one_of([one for one in self.world.runs if one.status != "RUNNING"], number):
            # The event of an end: for some it never comes, for others twice.
            detail = ChangeDetail(executionArn=run.execution.id, status=run.status)
            self.ender(PromotionChanged(detail=detail))

    @precondition(lambda self: hasattr(self, "ledger"))
    @invariant()
    def the_ledger_is_right(self) -> None:
        """What is good passed its smoke tests; what is newest stays so; what is healthy is what is deployed."""
        running = self.ledger.environments.running("clock", "prod")
        assert set(running.good) <= self.passed
        assert running.order >= self.orders[-1]
        self.orders.append(running.order)
        if running.status in ("HEALTHY", "ROLLED_BACK"):
            assert running.version == self.world.deployed

    @precondition(lambda self: hasattr(self, "ledger"))
    @invariant()
    def at_most_one_promotion_that_runs_is_between_deployment_and_verdict(self) -> None:
        """Never two at once in one environment."""
        assert len(self.at("verify")) <= 1


TestPromotions = Promotions.TestCase
TestPromotions.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
