"""What the ledger knows of a promotion after its status events: lost, late, twice, and after a redrive."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from orchestrator.ledger.promotions import Promotion
from orchestrator.steps.contract import Execution
from tests.aws_answers import say
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

DESCRIBE = "sfn.DescribeExecution"
SECONDS = count(1_800_000_000)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with state machines."""
    with moto_company(tmp_path_factory.mktemp("company")) as made:
        made.install()
        yield made


class Told:
    """One promotion as Step Functions describes it, and its events.

    Args:
        company: where it runs.
        name: the execution's.
        request: what it was started with.
    """

    def __init__(self, company: MotoCompany, name: str, request: Any) -> None:
        self._company, self._name, self._request = company, name, request
        self.machine = company.organization.state_machine_arn("promote-clock")
        self.arn = company.execution_arn(name)
        self.began = float(next(SECONDS))
        self.execution = Execution(id=self.arn, name=name, started_at=datetime.fromtimestamp(self.began, UTC))

    def describe(self, status: str, redriven: int = 0) -> None:
        """Make Step Functions say how it stands."""
        described = {
            "executionArn": self.arn,
            "stateMachineArn": self.machine,
            "name": self._name,
            "status": status,
            "startDate": self.began,
            "input": json.dumps(self._request),
            "redriveCount": redriven,
            **({} if status == "RUNNING" else {"stopDate": next(SECONDS), "output": '{"unit": "clock"}'}),
            **({"error": "Exception", "cause": "It broke."} if status == "FAILED" else {}),
        }
        self._company.answers.always[DESCRIBE] = say(json.dumps(described))

    def forget(self) -> None:
        """Let it be described as moto does, which does not know it."""
        self._company.answers.always.pop(DESCRIBE, None)

    def event(self, status: str, redriven: int = 0) -> str:
        """Deliver an event; returns what was made of it."""
        detail = {"executionArn": self.arn, "status": status, "redriveCount": redriven}
        return str(self._company.call("on_promotion_change", {"detail": detail})["outcome"])

    @property
    def known(self) -> Promotion | None:
        """What the ledger knows of it."""
        return self._company.ledger.promotions.promotion("clock", self.execution.order)

    @property
    def is_under_way(self) -> bool:
        """Whether the ledger counts it among those that run."""
        return self.arn in [one.execution for one in self._company.ledger.promotions.under_way("clock")]


@pytest.fixture
def told(company: MotoCompany, request: pytest.FixtureRequest) -> Iterator[Told]:
    """A promotion of a commit."""
    made = Told(company, f"told-{request.node.name[:40]}", {"commit": "abc", "branch": "main"})
    yield made
    made.describe("ABORTED")
    made.event("ABORTED")
    made.forget()


def test_a_promotion_is_known_before_its_build_has_ended(told: Told) -> None:
    """Which may take long; it may still go to any environment."""
    told.describe("RUNNING")
    assert told.event("RUNNING") == "RUNNING"
    assert told.known is not None
    assert (told.known.status, told.known.commit, told.known.version) == ("RUNNING", "abc", None)
    assert told.known.will_be_in("prod")
    assert told.is_under_way


def test_a_begin_that_comes_late_takes_nothing_back(company: MotoCompany, told: Told) -> None:
    """The release is known by then."""
    told.describe("RUNNING")
    began = told.execution.order.split("#")[0]
    known = Promotion(unit="clock", execution=told.arn, name=told.execution.name, started_at=began, version="1.0")
    company.ledger.promotions.record_start(known, told.execution)
    told.event("RUNNING")
    assert told.known == known


def test_a_begin_that_comes_after_the_end_is_an_end(told: Told) -> None:
    """Events come in any order, and the one of the end may never come."""
    told.describe("FAILED")
    assert told.event("RUNNING") == "Exception"
    assert told.known is not None
    assert (told.known.status, told.known.message) == ("FAILED", "It broke.")
    assert told.event("RUNNING") == "Exception"
    assert not told.is_under_way


def test_an_end_is_believed_before_step_functions_describes_it(told: Told) -> None:
    """Its description is eventually consistent."""
    told.describe("RUNNING")
    told.event("ABORTED")
    assert told.known is not None
    assert told.known.status == "ABORTED"
    assert not told.is_under_way


def test_a_promotion_that_is_redriven_is_under_way_again_and_ends_again(told: Told) -> None:
    """An event of its first end that comes now changes nothing."""
    told.describe("FAILED")
    told.event("FAILED")
    told.describe("RUNNING", redriven=1)
    assert told.event("RUNNING", redriven=1) == "RUNNING"
    assert told.known is not None
    assert (told.known.status, told.known.message, told.known.ended_at) == ("RUNNING", "", None)
    assert told.is_under_way
    assert told.event("FAILED") == "RUNNING"
    assert told.is_under_way
    told.describe("SUCCEEDED", redriven=1)
    told.event("SUCCEEDED", redriven=1)
    assert told.known.status == "SUCCEEDED"
    assert not told.is_under_way


def test_a_promotion_that_step_functions_forgot_is_closed_by_the_next_end(company: MotoCompany, told: Told) -> None:
    """It keeps executions for 90 days."""
    told.describe("RUNNING")
    told.event("RUNNING")
    told.forget()
    company.promote("the-next", version="no-such")
    assert company.end("the-next") == "UnknownNameError"
    assert told.known is not None
    assert (told.known.status, told.known.commit) == ("ABORTED", "abc")
    assert not told.is_under_way


@pytest.mark.parametrize("request_", [None, [], "x", {"version": 1}, {"version": "1.0", "from": []}])
def test_whatever_a_promotion_was_started_with_it_is_known(company: MotoCompany, request_: object) -> None:
    """The input is anybody's."""
    told = Told(company, f"strange-{next(SECONDS)}", request_)
    told.describe("FAILED")
    told.event("FAILED")
    told.forget()
    assert told.known is not None
    assert told.known.message == "It broke."


def test_a_redriven_step_goes_on_and_the_promotion_ends_right(company: MotoCompany) -> None:
    """Deploy broke in the middle, its lock was freed; carried out again, it sees that and ends with its release."""
    release = company.publish("2.0.0")
    steps = Steps(company, release, "dev", "redriven")
    told = Told(company, "redriven", {"version": "2.0.0"})
    told.began = steps.execution.started_at.timestamp()
    told.execution = steps.execution
    told.describe("RUNNING")
    told.event("RUNNING")
    plan = steps("plan")
    # The plan is read first.
    company.answers.next["s3.GetObject"] = [lambda _: None, say("something else")]
    with pytest.raises(AssertionError, match="was altered"):
        steps("deploy", plan=plan)
    told.describe("FAILED")
    told.event("FAILED")
    assert company.ledger.environments.running("clock", "dev").status == "INTERRUPTED"
    assert company.lock("dev") is None
    told.describe("RUNNING", redriven=1)
    told.event("RUNNING", redriven=1)
    again = steps("deploy", plan=plan)
    if again["status"] == "STALE":
        again = steps("deploy", plan=steps("plan"))
    assert again["status"] == "SUCCEEDED"
    assert steps("smoke_test")["status"] == "SUCCEEDED"
    told.describe("SUCCEEDED", redriven=1)
    told.event("SUCCEEDED", redriven=1)
    assert company.running("dev") == "2.0.0"
    assert company.ledger.environments.running("clock", "dev").status == "HEALTHY"
    assert company.lock("dev") is None
    assert told.known is not None
    assert told.known.status == "SUCCEEDED"
    told.forget()


def test_a_queued_promotion_waits_for_one_that_is_still_being_built(company: MotoCompany) -> None:
    """Whichever build takes longer."""
    older = Told(company, "older-build", {"commit": "abc", "branch": "main"})
    older.describe("RUNNING")
    older.event("RUNNING")
    steps = Steps(company, company.publish("2.1.0"), "test", "newer-build")
    steps.input |= {
        "concurrency": "queued",
        "execution": {**steps.input["execution"], "started_at": "2099-01-01T00:00Z"},
    }
    waiting = steps("plan")
    assert waiting["status"] == "QUEUED"
    assert "behind older-build" in waiting["message"]
    older.describe("FAILED")
    older.event("FAILED")
    assert steps("plan")["status"] == "PLANNED"
    older.forget()


def test_a_failed_promotion_frees_its_locks_is_recorded_and_told_once(company: MotoCompany) -> None:
    """However often its event comes."""
    queue = company.listen("failures_topic")
    company.promote("failing", version="no-such")
    execution = Execution(id=company.execution_arn("failing"), name="failing", started_at=datetime.now(UTC))
    company.ledger.environments.take_lock("clock", "test", execution)
    assert [company.end("failing") for _ in range(2)] == ["UnknownNameError"] * 2
    (notice,) = company.read(queue)
    assert notice["Subject"] == "Promotion of clock failed"
    assert company.lock("test") is None
    recorded = next(one for one in company.ledger.promotions.promotions("clock") if one.name == "failing")
    assert recorded.status == "FAILED"
    assert recorded.message in notice["Message"]
