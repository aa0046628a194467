"""A Lambda is killed in the middle of a step, again and again: nothing is lost, and a retry brings it to its end.

`make kill-test` kills fifty times in a row. Where is decided by a seed; what the process was at is not.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from orchestrator.aws.session import CLIENT
from orchestrator.bootstrap.install import Bootstrap
from orchestrator.config.organization import Organization, function_name
from orchestrator.local.cloud import LocalCloud
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import Progress
from orchestrator.promotions.recover import Recovery
from orchestrator.promotions.start import Starter
from tests.end_to_end.company import Company
from tests.waiting import until

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the Lambdas' processes in /proc")

_SEED = 20_260_101
# What a step takes here once its Lambda is warm; it takes a second more when it is started cold.
_LONGEST_DELAY = 0.25
_STATES = {
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


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory,
    new_organization: Callable[[str], Organization],
    bootstrap_of: Callable[[Organization], Bootstrap],
    root_of: Callable[..., boto3.Session],
    new_session: Callable[..., boto3.Session],
) -> Company:
    """A company with two releases that work, and one that fails its smoke test in dev."""
    folder = tmp_path_factory.mktemp("repository")
    organization = new_organization(folder.as_uri())
    made = Company(organization, folder, root_of, new_session)
    list(bootstrap_of(organization).install())
    made.found()
    with made.worker():
        execution = made.merge(made.commit("Add the clock"))
        made.decide(execution, "approve")
        assert made.follow(execution).version == _GOOD
        source = (folder / "projects/clock/src/clock/__init__.py").read_text()
        for text, version in ((f"{source}\n# Other.\n", _OTHER), (source.replace('"healthy": True', _BREAK), _BROKEN)):
            execution = made.merge(made.change("src/clock/__init__.py", text))
            if version == _OTHER:
                made.decide(execution, "approve")
            assert made.follow(execution).version == version
    made.resume("dev")
    return made


def processes_of(cloud: LocalCloud, step: str) -> list[int]:
    """The processes that carry a step out."""
    wanted = str(cloud.scratch / f"ministack-lambda-{function_name(step)}-")
    found = []
    for entry in Path("/proc").iterdir():
        try:
            folder = str((entry / "cwd").readlink()) if entry.name.isdigit() else ""
        except OSError:
            continue
        if folder.startswith(wanted):
            found.append(int(entry.name))
    return found


def kill(cloud: LocalCloud, step: str) -> None:
    """End a step's processes at once, whatever they are at."""
    for process in processes_of(cloud, step):
        os.kill(process, signal.SIGKILL)


class Victim:
    """One promotion whose Lambda is killed.

    Args:
        company: where.
        cloud: whose processes are killed.
        step: which Lambda.
        delay: seconds from the begin of its state to its end.
    """

    def __init__(self, company: Company, cloud: LocalCloud, step: str, delay: float) -> None:
        self.company, self.cloud, self.step, self.delay = company, cloud, step, delay
        self.environment = "prod" if step in ("request_approval", "decide") else "dev"
        self.version = _BROKEN if step == "roll_back" else self._next()

    def _next(self) -> str:
        running = self.company.wiring.ledger.environments.running("clock", self.environment).version
        return _OTHER if running == _GOOD else _GOOD

    def start(self) -> str:
        """Start the promotion of one environment."""
        request: dict[str, Any] = {"version": self.version, "from": self.environment, "to": self.environment}
        if self.environment == "prod":
            request |= {"skip_gates": True, "reason": "a test"}
        arn = self.company.organization.state_machine_arn("promote-clock")
        return Starter(self.company.wiring.stepfunctions, lambda: datetime.now(UTC)).start(arn, "kill", request)

    def kill_in_the_middle(self, execution: str) -> None:
        """Wait until the step's state begins, let it go on for the delay, and kill."""
        if self.step == "decide":
            until(lambda: self.company.waits(execution))
            gate = self._open_gate()
            self._until_entered(gate, "Decide")
        elif self.step == "on_promotion_change":
            until(lambda: self.ended(execution))
        else:
            self._until_entered(execution, _STATES[self.step])
        time.sleep(self.delay)  # Not a condition: where in the step it is killed.
        kill(self.cloud, self.step)

    def _open_gate(self) -> str:
        arn = self.company.organization.state_machine_arn("clock-approve-prod")
        document = {"release": self.version, "decision": "approve", "reason": "tried"}
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
            asked = self.company.wiring.ledger.approvals.request("clock", "prod")
            if asked and asked.execution == execution and asked.status == "PENDING":
                self.company.start_gate({"release": self.version, "decision": "approve", "reason": "tried"})
            return self.ended(execution)

        return until(step_on)

    def recover(self, execution: str) -> Progress:
        """Retry it, as a person would who finds that it failed unexpectedly."""
        client = self.company.wiring.stepfunctions
        starter = Starter(client, lambda: datetime.now(UTC))
        recovery = Recovery(client, starter, Follower(client, lambda _: None))
        return self.follow(recovery.retry(execution, self.company.environments))

    def check(self) -> None:
        """What holds after the end: ledger and account agree, no lock is left, and nothing is under way."""
        ledger = self.company.wiring.ledger
        until(lambda: ledger.promotions.under_way("clock") == [] or None)
        running = ledger.environments.running("clock", self.environment)
        assert running.status == ("ROLLED_BACK" if self.version == _BROKEN else "HEALTHY")
        assert (running.version == self.version) is (self.version != _BROKEN)
        assert self.company.ask(self.environment)["version"] == running.version
        table = self.company.tooling.resource("dynamodb", config=CLIENT).Table(
            self.company.wiring.settings["ledger_table"]
        )
        assert "Item" not in table.get_item(Key={"pk": "UNIT#clock", "sk": f"LOCK#{self.environment}"})
        self.company.wiring.ledger.controls.lift_hold("clock", self.environment, "test")


def test_nothing_is_lost_when_lambdas_are_killed(
    company: Company, cloud: LocalCloud, request: pytest.FixtureRequest
) -> None:
    """Every step is killed; what failed of it is retried; each time the promotion ends as if nothing had been."""
    dice = random.Random(_SEED)  # noqa: S311  # For a test.
    points = request.config.getoption("--kill-points")
    steps = [step for _ in range(points // len(_STATES) + 1) for step in dice.sample(list(_STATES), len(_STATES))]
    failed: Counter[str] = Counter()
    for step in steps[:points]:
        victim = Victim(company, cloud, step, dice.uniform(0, _LONGEST_DELAY))
        execution = victim.start()
        victim.kill_in_the_middle(execution)
        seen = victim.follow(execution)
        if seen.status == "FAILED" and "smoke tests" not in seen.message:
            failed[step] += 1
            seen = victim.recover(execution)
        assert seen.status == ("FAILED" if step == "roll_back" else "SUCCEEDED"), f"{step}: {seen.message}"
        victim.check()
    print(f"{points} kills, of which {failed.total()} failed a promotion: {dict(failed)}")  # noqa: T201  # For whoever runs it by hand.
    assert failed, "No kill met a step: the delays are too long for this machine."
