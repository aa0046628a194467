"""Whatever goes wrong with a step, a promotion ends in a defined state and the next one works: on moto's engine."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from orchestrator.promotions.progress import Progress
from tests.failures.cloudformation import REASON
from tests.failures.endings import Ending
from tests.failures.kinds import Failure, LambdaFailure, Stop
from tests.failures.page import PAGE, page
from tests.failures.table import FAILURES
from tests.moto_company import MotoCompany, moto_company

NUMBERS = count(1)
# Moto gives no work to an activity's workers: what fails with builds is shown on the embedded cloud.
CASES = [(step, failure) for failure in FAILURES for step in failure.endings if step != "build"]
# What is left behind depends on step and ending: the next promotion is tried once for each.
_FIRST = {(step, failure.endings[step]): failure for step, failure in reversed(CASES)}
_GATED = ("request_approval", "decide")
# What the ledger says of the environment after each ending, and what is deployed there.
_NEW, _OLD, _EITHER, _AS_IT_WAS = "the new release", "what was there before, or was good", "one of the two", "as it was"
_SETTLED = ("HEALTHY", "ROLLED_BACK", "FAILED", "INTERRUPTED")
_WELL = (Ending.GOES_ON, Ending.NOTHING_TO_DO, Ending.UNDECIDED, Ending.SUPERSEDED)
_AFTER = {
    Ending.GOES_ON: ("HEALTHY", _NEW),
    Ending.NOTHING_TO_DO: ("HEALTHY", _OLD),
    Ending.UNDECIDED: ("HEALTHY", _NEW),
    Ending.COMPLETED: ("HEALTHY", _NEW),
    Ending.UNTOUCHED: (_AS_IT_WAS, _OLD),
    Ending.SUPERSEDED: (_AS_IT_WAS, _OLD),
    Ending.INTERRUPTED: ("INTERRUPTED", _EITHER),
    Ending.ROLLED_BACK: ("ROLLED_BACK", _OLD),
    Ending.ON_HOLD: ("FAILED", _OLD),
}
# A promotion that is rolled back has failed before anything happens to its roll back.
_AFTER_ROLL_BACK = {
    Ending.GOES_ON: ("ROLLED_BACK", _OLD),
    Ending.NOTHING_TO_DO: ("ROLLED_BACK", _NEW),
    Ending.COMPLETED: ("ROLLED_BACK", _OLD),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with a release in dev and prod to go back to, and a state machine that tries again at once."""

    def at_once(definition: dict[str, Any]) -> None:
        for state in definition["States"].values():
            for retrier in state.get("Retry", []):
                retrier |= {"IntervalSeconds": 1, "BackoffRate": 1.0}

    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev", "prod")) as made:
        made.install(at_once)
        for version in ("0.0.1", "0.0.2"):
            made.publish(version)
            for step in ("deploy", "request_approval"):
                made.promote(f"first-{version}-{step}", version=version, **span(step))
        yield made


@pytest.fixture
def version(company: MotoCompany) -> str:
    """A release that no other test has."""
    return publish(company)


def publish(company: MotoCompany) -> str:
    """Publish another release; returns its version."""
    new = f"1.{next(NUMBERS)}.0"
    company.publish(new)
    return new


def span(step: str) -> dict[str, Any]:
    """Which environment a step is tried in: the one that asks for approval, or the first."""
    if step in _GATED:
        return {"from": "prod", "skip_gates": True, "reason": "a test"}
    return {"to": "dev"}


def carry_out(company: MotoCompany, name: str, step: str, failure: Failure, version: str) -> Progress:
    """A promotion in which a step fails, approved where it asks, and then the event of its end, twice."""
    if step == "roll_back":
        failed = {"status": "FAILED", "message": f"clock@{version} failed its smoke tests.", "outcomes": []}
        company.lambdas.faults["smoke_test"] = [lambda *_: failed]
    failure.arrange(company, step, name)
    seen = company.promote(name, version=version, **span(step))
    assert not company.lambdas.faults.pop(step), "The step was not called."
    if failure.told:
        company.end(name)
        company.end(name)
    return seen


def follow_up(company: MotoCompany, name: str, step: str) -> None:
    """The next promotion works, and leaves nothing behind of any other."""
    version = publish(company)
    seen = company.promote(name, version=version, **span(step))
    assert seen.status == "SUCCEEDED", seen.message
    company.end(name)
    assert company.running(environment_of(step)) == version
    assert company.lock(environment_of(step)) is None
    assert company.ledger.promotions.under_way("clock") == []


def environment_of(step: str) -> str:
    """Where a step is tried."""
    return "prod" if step in _GATED else "dev"


def failed_gates(company: MotoCompany) -> int:
    """How many executions of prod's gate have failed."""
    arn = company.organization.state_machine_arn("clock-approve-prod")
    client = company.wiring.stepfunctions
    return len(client.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"])


@pytest.mark.parametrize(("step", "failure"), CASES, ids=[f"{failure.name}: {step}" for step, failure in CASES])
def test_a_step_that_fails(company: MotoCompany, version: str, step: str, failure: Failure) -> None:
    """Nothing is lost: no lock, no reason, and not the next promotion."""
    environment, name, ending = environment_of(step), f"fails-{version}", failure.endings[step]
    good = company.ledger.environments.running("clock", environment).last_known_good
    before = good if step == "roll_back" else company.running(environment)
    gates = failed_gates(company)
    seen = carry_out(company, name, step, failure, version)
    well = ending in _WELL and step != "roll_back"
    assert seen.status == ("ABORTED" if isinstance(failure, Stop) else "SUCCEEDED" if well else "FAILED"), seen.message
    status, deployed = _AFTER_ROLL_BACK.get(ending, _AFTER[ending]) if step == "roll_back" else _AFTER[ending]
    assert company.running(environment) in {_NEW: (version,), _OLD: (before,), _EITHER: (version, before)}[deployed]
    assert (failed_gates(company) > gates) is (ending is Ending.UNDECIDED)
    if failure.told:
        running = company.ledger.environments.running("clock", environment)
        assert running.status == status or (status == _AS_IT_WAS and running.status in _SETTLED)
        assert company.lock(environment) is None
        recorded = company.ledger.promotions.promotions("clock")[0]
        assert (recorded.name, recorded.status) == (name, seen.status)
        assert recorded.message
        assert seen.message in recorded.message
    if isinstance(failure, LambdaFailure) and isinstance(failure.answer, Exception) and seen.status == "FAILED":
        assert seen.message == str(failure.answer) or ending is Ending.GOES_ON
    if ending in (Ending.ROLLED_BACK, Ending.ON_HOLD):
        assert REASON in seen.message
        assert company.ledger.controls.hold("clock", environment) is not None
    # Always after a roll back: moto leaves a stack alone that returns to what it was created with.
    if (not well and (failure is _FIRST[step, ending] or step == "roll_back")) or not failure.told:
        follow_up(company, f"next-{version}", step)


def test_the_page_says_what_the_tests_show() -> None:
    """Written anew with `python -m tests.failures.page`."""
    assert PAGE.read_text() == page()
