"""Whatever goes wrong with a step, a promotion ends in a defined state and the next one works: on moto's engine."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from orchestrator.promotions.progress import Progress
from tests.failure_modes import CASES, FAILURES, PAGE, Ending, LambdaFailure, ServiceFailure, page
from tests.moto_company import MotoCompany, moto_company

NUMBERS = count(1)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with a release in dev and prod to go back to, and a state machine that tries again at once."""

    def at_once(definition: dict[str, Any]) -> None:
        for state in definition["States"].values():
            for retrier in state.get("Retry", []):
                retrier |= {"IntervalSeconds": 1, "BackoffRate": 1.0}

    with moto_company(tmp_path_factory.mktemp("company")) as made:
        made.install(at_once)
        for version in ("0.0.1", "0.0.2"):
            made.publish(version)
            for step in ("deploy", "request_approval"):
                made.promote(f"first-{version}-{step}", version=version, **span(step))
        yield made


@pytest.fixture
def version(company: MotoCompany) -> str:
    """A release that no other test has."""
    new = f"1.{next(NUMBERS)}.0"
    company.publish(new)
    return new


def span(step: str) -> dict[str, Any]:
    """Which environment a step is tried in: the one that asks for approval, or the first."""
    if step == "request_approval":
        return {"from": "prod", "skip_gates": True, "reason": "a test"}
    return {"to": "dev"}


def carry_out(company: MotoCompany, name: str, step: str, version: str) -> Progress:
    """A promotion, approved where it asks, and then the event of its end."""
    if step == "roll_back":
        failed = {"status": "FAILED", "message": f"clock@{version} failed its smoke tests.", "outcomes": []}
        company.lambdas.faults["smoke_test"] = [lambda *_: failed]
    seen = company.promote(name, version=version, **span(step))
    company.end(name)
    return seen


@pytest.mark.parametrize(("step", "failure"), CASES, ids=[f"{failure.name}: {step}" for step, failure in CASES])
def test_a_step_that_fails(
    company: MotoCompany, version: str, step: str, failure: LambdaFailure | ServiceFailure
) -> None:
    """Nothing is lost: no lock, no reason, and not the next promotion."""
    environment = "prod" if step == "request_approval" else "dev"
    before = company.running(environment)
    failure.arrange(company, step)
    seen = carry_out(company, f"fails-{version}", step, version)
    assert not company.lambdas.faults.pop(step), "The step was not called."
    assert not any(company.answers.next.values()), "The step made no such call."
    assert company.lock(environment) is None
    ending = failure.endings[step]
    running = company.ledger.environments.running("clock", environment)
    if ending is Ending.GOES_ON:
        assert seen.status == ("FAILED" if step == "roll_back" else "SUCCEEDED"), seen.message
        assert running.status == ("ROLLED_BACK" if step == "roll_back" else "HEALTHY")
        assert company.running(environment) == running.version
        return
    assert seen.status == ("SUCCEEDED" if ending is Ending.SUPERSEDED else "FAILED")
    if isinstance(failure, LambdaFailure) and isinstance(failure.answer, Exception):
        assert seen.message == str(failure.answer)
    recorded = company.ledger.promotions.promotions("clock")[0]
    assert (recorded.name, recorded.status, recorded.message) == (f"fails-{version}", seen.status, seen.message)
    assert seen.message
    assert (running.status == "INTERRUPTED") is (ending is Ending.INTERRUPTED)
    touched = step in ("smoke_test", "roll_back")
    assert company.running(environment) == (version if touched else before)
    following = f"1.{next(NUMBERS)}.0"
    company.publish(following)
    assert company.promote(f"next-{version}", version=following, **span(step)).status == "SUCCEEDED"
    assert company.running(environment) == following


def test_an_end_that_nobody_was_told_of_is_closed_by_the_next_one(company: MotoCompany, version: str) -> None:
    """Delivery of the status event is not guaranteed."""
    FAILURES[0].arrange(company, "smoke_test")
    company.promote(f"unseen-{version}", version=version, to="dev")
    assert [one.name for one in company.ledger.promotions.under_way("clock")] == [f"unseen-{version}"]
    assert company.lock("dev") is not None
    following = f"1.{next(NUMBERS)}.0"
    company.publish(following)
    assert company.promote(f"seen-{version}", version=following, to="dev").status == "SUCCEEDED"
    company.end(f"seen-{version}")
    assert company.ledger.promotions.under_way("clock") == []
    assert company.lock("dev") is None


def test_the_page_says_what_the_tests_show() -> None:
    """Written anew with `python -m tests.failure_modes`."""
    assert PAGE.read_text() == page()
