"""A promotion that something happens to in the middle of a step, and what holds after its end."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from orchestrator.aws.session import CLIENT
from orchestrator.ledger.partitions import LOCKS
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import Progress
from orchestrator.promotions.recover import Recovery
from orchestrator.promotions.start import Starter
from tests.end_to_end.company import Company
from tests.waiting import until

STATES = {
    "resolve_release": "Resolve release",
    "plan": "Plan dev",
    "deploy": "Deploy dev",
    "smoke_test": "Smoke-test dev",
    "roll_back": "Roll back dev",
    "request_approval": "Approve prod",
    "decide": "Decide",
    "on_promotion_change": "",
}
_GOOD, _OTHER, _BROKEN = "1.0.0", "1.0.0.post1", "1.0.0.post2"
_BREAK = '"healthy": os.environ["ENVIRONMENT"] != "dev"'


def give_releases(company: Company) -> None:
    """Give a company two releases that work, and one that fails its smoke test in dev; a worker must be there."""
    execution = company.merge(company.commit("Add the clock"))
    company.decide(execution, "approve")
    assert company.follow(execution).version == _GOOD
    source = (company.folder / "projects" / company.unit / "src/clock/__init__.py").read_text()
    for text, version in ((f"{source}\n# Other.\n", _OTHER), (source.replace('"healthy": True', _BREAK), _BROKEN)):
        execution = company.merge(company.change("src/clock/__init__.py", text))
        if version == _OTHER:
            company.decide(execution, "approve")
        assert company.follow(execution).version == version
    company.change("src/clock/__init__.py", source)
    company.resume("dev")


class Victim:
    """One promotion that is met in the middle of a step.

    Args:
        company: where.
        step: which one.
        delay: seconds from the begin of its state on.
    """

    def __init__(self, company: Company, step: str, delay: float) -> None:
        self.company, self.step, self.delay = company, step, delay
        self.environment = "prod" if step in ("request_approval", "decide") else "dev"
        self.version = _BROKEN if step == "roll_back" else self._next()

    def _next(self) -> str:
        running = self.company.ledger.environments.running(self.company.unit, self.environment).version
        return _OTHER if running == _GOOD else _GOOD

    def start(self) -> str:
        """Start the promotion of one environment."""
        request: dict[str, Any] = {"version": self.version, "from": self.environment, "to": self.environment}
        if self.environment == "prod":
            request |= {"skip_gates": True, "reason": "a test"}
        arn = self.company.organization.state_machine_arn(f"promote-{self.company.unit}")
        return Starter(self.company.wiring.stepfunctions, lambda: datetime.now(UTC)).start(arn, "kill", request)

    def meet(self, execution: str, disturb: Callable[[], None]) -> None:
        """Wait until the step's state begins, let it go on for the delay, and disturb."""
        if self.step == "decide":
            until(lambda: self.company.waits(execution))
            gate = self._open_gate()
            self._until_entered(gate, "Decide")
        elif self.step == "on_promotion_change":
            until(lambda: self.ended(execution))
        else:
            self._until_entered(execution, STATES[self.step])
        time.sleep(self.delay)  # Not a condition: where in the step it is met.
        disturb()

    def _open_gate(self) -> str:
        arn = self.company.organization.state_machine_arn(f"{self.company.unit}-approve-prod")
        document = {
            "release": self.version,
            "decision": "approve",
            "plan": self.company.plan(),
            "reason": "tried",
        }
        return Starter(self.company.wiring.stepfunctions, lambda: datetime.now(UTC)).start(arn, "gate", document)

    def _until_entered(self, execution: str, state: str) -> None:
        """Ask without a pause: a step may be over in the time that one takes."""
        entered: list[str] = []
        while state not in entered and (self.step == "decide" or self.ended(execution) is None):
            history = self.company.wiring.stepfunctions.get_execution_history(executionArn=execution)["events"]
            details = [one["stateEnteredEventDetails"] for one in history if "stateEnteredEventDetails" in one]
            entered = [one["name"] for one in details]

    def ended(self, execution: str) -> Progress | None:
        """How the promotion ended, None while it runs."""
        seen = Follower(self.company.wiring.stepfunctions, lambda _: None).look(execution, self.company.environments)
        return seen if seen.ended else None

    def follow(self, execution: str) -> Progress:
        """Wait for its end, approving as often as it asks."""

        def step_on() -> Progress | None:
            asked = self.company.ledger.approvals.request(self.company.unit, "prod")
            if asked and asked.execution == execution and asked.status == "PENDING":
                plan = self.company.plan()
                given = {"release": self.version, "decision": "approve", "plan": plan, "reason": "tried"}
                self.company.start_gate(given)
            return self.ended(execution)

        return until(step_on)

    def recover(self, execution: str) -> Progress:
        """Retry it, as a person would who finds that it failed unexpectedly."""
        client = self.company.wiring.stepfunctions
        starter = Starter(client, lambda: datetime.now(UTC))
        recovery = Recovery(client, starter, Follower(client, lambda _: None))
        return self.follow(recovery.retry(execution, self.company.environments))

    @property
    def is_broken(self) -> bool:
        """Whether its release fails its smoke test."""
        return self.version == _BROKEN

    def check(self) -> None:
        """What holds after the end: ledger and account agree, no lock is left, and nothing is under way."""
        ledger = self.company.ledger
        until(lambda: ledger.promotions.under_way(self.company.unit) == [] or None)
        running = ledger.environments.running(self.company.unit, self.environment)
        assert running.status == ("ROLLED_BACK" if self.is_broken else "HEALTHY")
        assert (running.version != self.version) is self.is_broken
        assert self.company.ask(self.environment)["version"] == running.version
        table = self.company.tooling.resource("dynamodb", config=CLIENT).Table(
            self.company.wiring.settings["ledger_table"]
        )
        assert "Item" not in table.get_item(Key={"pk": LOCKS.key(self.company.unit), "sk": self.environment})
        self.company.ledger.controls.lift_hold(self.company.unit, self.environment, "test")
