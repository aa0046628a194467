"""Whatever goes wrong with a step of a train, it ends in a defined state, and a retry goes on: on moto's engine."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from orchestrator.ledger.environments import Running
from orchestrator.ledger.trains import Train
from orchestrator.promotions.start import Starter
from orchestrator.promotions.trains import TrainRecovery
from orchestrator.steps.contract import Execution
from tests.failures.trains import TRAIN_FAILURES, TRAIN_STATES, TrainEnding
from tests.moto_company import moto_company
from tests.moto_trains import MotoTrains
from tests.waiting import until

NUMBERS = count(1)
CASES = [
    (name, step, ending)
    for name, (_, endings) in TRAIN_FAILURES.items()
    for step, ending in endings.items()
    if ending is not TrainEnding.GOES_ON
]
THROTTLED = next(answer for answer, endings in TRAIN_FAILURES.values() if TrainEnding.GOES_ON in endings.values())


@pytest.fixture(scope="module")
def trains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoTrains]:
    """A company with one unit."""
    with moto_company(tmp_path_factory.mktemp("company")) as company:
        made = MotoTrains(company, {"orders": ()})
        made.found(tmp_path_factory.getbasetemp().parent / "templates")
        yield made


@pytest.fixture
def version(trains: MotoTrains) -> str:
    """A release that no other test has; it has passed all environments before prod."""
    new, environments = f"1.{next(NUMBERS)}.0", trains.company.ledger.environments
    trains.publish(new)
    passed = Execution(id="arn:passed", name="passed", started_at=datetime.now(UTC))
    for name in ("dev", "test", "staging"):
        environments.record_good(Running(unit="orders", environment=name, version=new), "app-orders", passed)
    return new


def fail(trains: MotoTrains, step: str, answer: object) -> None:
    """Make the next call of a step's Lambda fail."""

    def instead(_event: Any, _context: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    trains.company.lambdas.faults[step] = [instead]


def test_a_step_that_is_throttled_is_tried_again(trains: MotoTrains, version: str) -> None:
    """Each of them, in one train."""
    for step in TRAIN_STATES:
        fail(trains, step, THROTTLED)
    execution = trains.start("throttled", units=[f"orders@{version}"], **{"from": "prod"})
    until(lambda: trains.asked(execution, "prod"))
    trains.decide(execution, "prod", "approve")
    train = trains.end(execution)
    assert train.outcome == "ARRIVED", train.message
    assert not any(trains.company.lambdas.faults.pop(step) for step in TRAIN_STATES)


@pytest.mark.parametrize(("name", "step", "ending"), CASES, ids=[f"{name}: {step}" for name, step, _ in CASES])
def test_a_step_that_fails(trains: MotoTrains, version: str, name: str, step: str, ending: TrainEnding) -> None:
    """No lock is left, the reason is in the history of trains, and a retry arrives."""
    answer, _ = TRAIN_FAILURES[name]
    environment = "prod" if step == "request_train_approval" else "dev"
    span = {"from": environment, "to": environment}
    before = trains.running(environment)
    fail(trains, step, answer)
    train = trains.end(trains.start(f"fails-{version.replace('.', '-')}", units=[f"orders@{version}"], **span))
    assert not trains.company.lambdas.faults.pop(step), "The step was not called."
    assert train.status == "FAILED"
    assert not isinstance(answer, Exception) or str(answer) in train.message
    assert trains.running(environment) == ({"orders": version} if ending is TrainEnding.MOVED else before)
    assert trains.of("orders").lock(environment) is None
    assert trains.company.ledger.trains.under_way() == []
    assert trains.asked(train.execution, environment) is None
    if isinstance(answer, Exception):
        check_retry(trains, train, environment, version, ending)


def check_retry(trains: MotoTrains, train: Train, environment: str, version: str, ending: TrainEnding) -> None:
    """A retry begins where the train came to, with the same release; moto cannot deploy what is deployed already."""
    client = trains.company.wiring.stepfunctions
    again = TrainRecovery(trains.company.ledger, client, Starter(client, lambda: datetime.now(UTC))).retry(train)
    request = json.loads(client.describe_execution(executionArn=again)["input"])
    assert (request["units"], request["from"]) == ([f"orders@{version}"], environment)
    if environment == "prod":
        until(lambda: trains.asked(again, environment))
        trains.decide(again, environment, "reject")
    found = trains.end(again)
    if environment == "dev" and ending is TrainEnding.UNMOVED:
        assert found.outcome == "ARRIVED", found.message
        assert trains.running(environment) == {"orders": version}
