"""Promotions of one unit to one environment: the real steps and the real ledger in a played world."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3

from orchestrator.config.environment import Environment
from orchestrator.config.organization import Organization
from orchestrator.guardrails.document import Guardrails
from orchestrator.identity.policy import Authors
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.tokens import TokenRecords
from orchestrator.steps.admission import Admission
from orchestrator.steps.approved import Approvals
from orchestrator.steps.contract import Execution, Release, Request, SmokeTestOutcome, Status, StepResult
from orchestrator.steps.decide import Decider
from orchestrator.steps.deploy import Deployer, DeployInput
from orchestrator.steps.gate_input import DecideInput, plan_prefix
from orchestrator.steps.on_promotion_change import ChangeDetail, PromotionChange, PromotionChanged
from orchestrator.steps.request_approval import ApprovalRequester, RequestApprovalInput
from orchestrator.steps.roll_back import Parts, RollBack, RollBackInput
from orchestrator.steps.smoke_test import SmokeTester, SmokeTestInput
from tests.integration.steps.played_world import MACHINE, STACK, Run, World
from tests.ledger_table import make_decisions_bucket, make_ledger_table, make_tokens_table
from tests.recorded import recorded

PROD = Environment.model_validate(
    {"name": "prod", "account": "5" * 12, "region": "eu-west-1", "requires_approval": True}
)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def session() -> boto3.Session:
    """One session for all examples: what it has read of the services' models, it need not read again."""
    return boto3.Session(region_name="eu-west-1")


def guardrails() -> Guardrails:
    """What is recorded of the one environment."""
    tooling = {"account": "1" * 12, "region": "eu-west-1"}
    return recorded(Organization.model_validate({"tooling": tooling, "environments": [PROD]}))


class PlayedPromotions:
    """All promotions of the unit. Each method makes one thing happen, and checks what holds just then."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.gates = 0
        self.world = World()
        self.ledger = Ledger(make_ledger_table(session()), lambda: self.now)
        self.passed: set[str] = set()
        self.admission = Admission(self.ledger, lambda: self.now, self.world.is_alive, guardrails)
        world: Any = self.world  # It plays many parts, a little of each.
        target: Any = lambda *_: world  # noqa: E731  # Whatever it is asked for.
        check: Any = lambda *_: [SmokeTestOutcome(test="t", target="t", passed=world.passes, message="")]  # noqa: E731  # The same.
        self.tokens = TokenRecords(make_tokens_table(session()), lambda: self.now)
        self.decisions = make_decisions_bucket(session())
        approvals = Approvals(self.ledger, self.decisions, guardrails, lambda _: Authors(complete=True))
        self.ask_for = ApprovalRequester(
            self.ledger, self.tokens, approvals, world, world, world, "topic", self.world.is_alive
        )
        self.decider = Decider(
            self.ledger,
            self.decisions,
            self.tokens,
            world,
            world,
            world,
            lambda: self.now,
            guardrails,
            lambda _: Authors(complete=True),
        )
        self.deployer = Deployer(self.ledger, self.admission, approvals, world, target, world)
        self.tester = SmokeTester(self.ledger, world, target, check)
        good: Any = lambda *_: []  # noqa: E731  # The last known good release passes its smoke tests.
        self.roller = RollBack(self.ledger, world, target, good)
        self.ender = PromotionChange(self.ledger, world, world, "topic")

    def input_of(self, run: Run) -> dict[str, Any]:
        """What every step is given."""
        return {
            "release": run.release,
            "environment": PROD,
            "stack_name": STACK,
            "execution": run.execution,
            "request": run.request,
        }

    def at(self, *places: str) -> list[Run]:
        """Promotions that stand there and run."""
        return [one for one in self.world.runs if one.at in places and one.status == "RUNNING"]

    @property
    def under_way(self) -> list[Run]:
        """Promotions that have a step to go."""
        return self.at("plan", "asked", "deploy", "verify")

    def start(self, *, by_hand: bool, later: int) -> None:
        """Start one, some milliseconds later than what happened last."""
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
        if not by_hand:
            self.ledger.starts.note("clock", execution.id, request.model_dump(mode="json", exclude_defaults=True))
        self.ledger.merges.note(release)
        self.world.runs.append(Run(execution, release, request))
        item = {"manifest": "m", "manifest_sha256": version, "unit": "clock", "version": version, "digest": version}
        self.ledger.releases._table.put(  # noqa: SLF001  # A release without a build.
            {"pk": "RELEASES#clock", "sk": f"RELEASE#{version}", **item, "commit": "c", "published_at": str(number)}
        )

    def go_on(self, run: Run, *, well: bool) -> None:
        """The next step of a promotion; when it waits, somebody decides."""
        {"plan": self.plan, "asked": self.decided, "deploy": self.deploy, "verify": self.verify}[run.at](run, well)

    def plan(self, run: Run, _: bool) -> None:  # noqa: FBT001  # Each step is called in the same way.
        """Plan, and ask for approval at once."""
        refusal = self.admission(SmokeTestInput(**self.input_of(run)))
        if refusal:
            over = refusal.status in (Status.SUPERSEDED, Status.HELD, Status.QUARANTINED)
            run.at, run.status = ("over", "SUCCEEDED") if over else (run.at, run.status)
            return
        replaces = self.ledger.environments.running("clock", "prod").version
        run.plan = self.world.keep(run, PROD, replaces)
        run.at = "asked"
        gate = "arn:aws:states:eu-west-1:1:stateMachine:g"
        asked = {"plan": run.plan, "gate_arn": gate, "token": f"token-{run.execution.name}"}
        self.ask_for(RequestApprovalInput.model_validate({**self.input_of(run), **asked}))

    def decided(self, run: Run, approve: bool) -> None:  # noqa: FBT001  # As all of them.
        """Somebody decides on a release, whether or not it is the one that waits."""
        plan = self.shown()
        given = {"release": run.release.version, "decision": "approve" if approve else "reject", "plan": plan}
        self.gates += 1
        where = {"unit": "clock", "environment": "prod", "gate": f"g{self.gates}", "started_at": self.now}
        self.decider(DecideInput.model_validate({**where, "decision": given}))

    def shown(self) -> str:
        """What a decision names the plan by that was made last."""
        request = self.ledger.approvals.request("clock", "prod")
        return plan_prefix(request.shown) if request else ""

    def deploy(self, run: Run, _: bool) -> None:  # noqa: FBT001  # Each step is called in the same way.
        """Deploy what was approved."""
        extra = {"plan": run.plan, "approval": run.approval}
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

    def resume(self) -> None:
        """Somebody lifts the hold that a rollback left."""
        self.ledger.controls.lift_hold("clock", "prod", "somebody")

    def tell_end(self, run: Run) -> None:
        """Deliver the event of a promotion's end."""
        detail = ChangeDetail(executionArn=run.execution.id, status=run.status)
        self.ender(PromotionChanged(detail=detail))
