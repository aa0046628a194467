"""Trains on moto's engine, each member's promotion carried out by the real handlers."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from orchestrator.decisions.document import train_subject
from orchestrator.ledger.controls import Freeze, Quarantine
from tests.moto_company import moto_company
from tests.moto_trains import MotoTrains
from tests.waiting import until

NUMBERS = count(1)
UNITS: dict[str, tuple[str, ...]] = {"orders": (), "stock": (), "invoices": ("orders",)}


@pytest.fixture(scope="module")
def trains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoTrains]:
    """A company with three units in two waves, two releases of which are in dev and test."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev", "test", "prod")) as company:
        made = MotoTrains(company, UNITS)
        made.found(tmp_path_factory.getbasetemp().parent / "templates")
        for version in ("0.1.0", "0.2.0"):
            made.publish(version)
            train = made.carry(f"first-{version.replace('.', '-')}", version, to="test")
            assert (train.status, train.outcome) == ("SUCCEEDED", "ARRIVED"), train.message
        yield made


@pytest.fixture
def version(trains: MotoTrains) -> str:
    """A release of each unit that no other test has."""
    new = f"1.{next(NUMBERS)}.0"
    trains.publish(new)
    return new


def name_of(version: str) -> str:
    """A train's name, after what it carries."""
    return f"train-{version.replace('.', '-')}"


def test_all_members_reach_an_environment_before_any_goes_further(trains: MotoTrains) -> None:
    """In waves: what comes after another unit waits for it, and each child links to the train."""
    train = trains.company.ledger.trains.train("first-0-2-0")
    assert train is not None
    assert [state for state in trains.company.states(train.execution) if state.startswith(("Promote ", "Plan "))] == [
        *("Plan dev", "Promote dev", "Promote dev: one", "Promote dev: one"),
        *("Promote dev", "Promote dev: one"),
        *("Plan test", "Promote test", "Promote test: one", "Promote test: one"),
        *("Promote test", "Promote test: one"),
    ]
    assert trains.running("test") == dict.fromkeys(UNITS, "0.2.0")
    assert set(trains.stages(train.execution)["dev"].waves[0]) == {"orders", "stock"}
    for unit in UNITS:
        kept = next(one for one in trains.company.ledger.promotions.promotions(unit) if one.name == "first-0-2-0-test")
        assert (kept.status, kept.request["train"]) == ("SUCCEEDED", "first-0-2-0")
        assert kept.request["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == train.execution
    assert train.ended_at


def test_the_running_wave_is_finished_and_nothing_further_promoted(trains: MotoTrains, version: str) -> None:
    """Unless the train says otherwise."""
    before = trains.running("dev")
    trains.break_("orders", version)
    train = trains.carry(name_of(version), version, to="test")
    assert (train.status, train.outcome) == ("FAILED", "FAILED")
    assert f"orders: orders@{version} failed its smoke tests in dev" in train.message
    assert trains.outcomes(train.execution) == {
        "dev": {"orders": "FAILED", "stock": "PROMOTED", "invoices": "SKIPPED"},
    }
    assert trains.running("dev") == {**before, "stock": version}
    trains.settle("dev")


def test_members_that_do_not_depend_on_the_failed_one_go_on(trains: MotoTrains, version: str) -> None:
    """And the train says in the end whom it lost."""
    before = trains.running("test")
    trains.break_("orders", version)
    train = trains.carry(name_of(version), version, to="test", on_failure="continue")
    assert (train.status, train.outcome) == ("FAILED", "INCOMPLETE")
    assert trains.outcomes(train.execution) == {
        "dev": {"orders": "FAILED", "stock": "PROMOTED", "invoices": "SKIPPED"},
        "test": {"stock": "PROMOTED"},
    }
    assert trains.running("test") == {**before, "stock": version}
    trains.settle("dev")


def test_members_already_deployed_return_to_their_last_known_good(trains: MotoTrains, version: str) -> None:
    """In reverse order, in this environment; each is on hold, and the ledger says what was done to whom."""
    before = trains.running("dev")
    trains.break_("invoices", version)
    train = trains.carry(name_of(version), version, to="test", on_failure="roll_back")
    assert (train.status, train.outcome) == ("FAILED", "ROLLED_BACK"), train.message
    assert trains.outcomes(train.execution) == {
        "dev": {"orders": "RETURNED", "stock": "RETURNED", "invoices": "FAILED"},
    }
    assert f". dev was returned to invoices@{before['invoices']}, which works." in train.message
    assert trains.running("dev") == before
    hold = trains.company.ledger.controls.hold("orders", "dev")
    assert hold is not None
    assert f"rolled back to {before['orders']} by the train {train.name}" in hold.reason
    failed = trains.company.ledger.controls.hold("invoices", "dev")
    assert failed is not None
    # What led to it is what was taken back, not what is there again.
    assert [(one.version, one.train) for one in (hold, failed)] == [(version, train.name)] * 2
    trains.settle("dev")


def test_a_freeze_keeps_all_members_back(trains: MotoTrains, version: str) -> None:
    """Also when it closes the environment for one of them only: no half of a train goes in."""
    controls = trains.company.ledger.controls
    controls.set_freeze(Freeze(environment="dev", unit="invoices", until="2099-01-01T00:00:00Z", reason="Audit."))
    execution = trains.start(name_of(version), units=[f"{unit}@{version}" for unit in UNITS], to="dev")
    until(lambda: "Wait to plan dev" in trains.company.states(execution) or None)
    assert version not in trains.running("dev").values()
    controls.lift_freeze("dev", "invoices", "test")
    assert trains.end(execution).outcome == "ARRIVED"
    assert trains.running("dev") == dict.fromkeys(UNITS, version)


def test_a_newer_promotion_of_a_member_supersedes_the_train(trains: MotoTrains, version: str) -> None:
    """As it would an older promotion: the train ends well before the environment, and none of its members enters."""
    controls = trains.company.ledger.controls
    newer = f"{version}.post1"
    trains.company.publish(newer, unit="orders")
    controls.set_freeze(Freeze(environment="test", unit="stock", until="2099-01-01T00:00:00Z", reason="Audit."))
    execution = trains.start(name_of(version), units=[f"{unit}@{version}" for unit in UNITS], to="test")
    until(lambda: "Wait to plan test" in trains.company.states(execution) or None)
    before = trains.running("test")
    orders = trains.of("orders")
    single = orders.follow(orders.start(f"newer-{version}", version=newer, to="test"))
    controls.lift_freeze("test", "stock", "test")
    train = trains.end(execution)
    assert (single.status, train.status, train.outcome) == ("SUCCEEDED", "SUCCEEDED", "SUPERSEDED")
    assert f"orders@{version} is superseded in test by orders@{newer}" in train.message
    assert trains.running("test") == {**before, "orders": newer}


def test_a_train_that_is_stopped_stops_its_members(trains: MotoTrains, version: str) -> None:
    """No lock is left, and the promotion of a member that comes too late goes nowhere."""
    execution = trains.start(name_of(version), units=[f"{unit}@{version}" for unit in UNITS], to="dev")
    child = trains.of("orders").execution_arn(f"{name_of(version)}-dev")
    until(lambda: trains.of("orders").lock("dev"))
    trains.company.wiring.stepfunctions.stop_execution(executionArn=execution, error="ABORTED", cause="not today")
    # To moto, a state that waits for another execution fails when it is stopped.
    train = trains.end(execution, told="ABORTED")
    assert train.status == "ABORTED"
    stepfunctions = trains.company.wiring.stepfunctions

    def ended() -> str | None:
        status = stepfunctions.describe_execution(executionArn=child)["status"]
        return status if status != "RUNNING" else None

    # Moto notices when the state has ended that is being carried out, which may fail of it.
    assert until(ended) in ("ABORTED", "FAILED")
    trains.of("orders").end(f"{name_of(version)}-dev", "ABORTED")
    assert trains.of("orders").lock("dev") is None
    assert trains.company.ledger.trains.under_way() == []


def test_what_says_that_it_is_of_a_train_is_not_believed(trains: MotoTrains, version: str) -> None:
    """Only the ledger says who moves a member."""
    orders = trains.of("orders")
    seen = orders.follow(orders.start(f"liar-{version}", version=version, train="first-0-2-0", to="dev"))
    assert seen.status == "FAILED"
    assert "is not one of the promotions of a train first-0-2-0" in seen.message


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"units": ["orders@9.9.9"]}, "There is no release of orders '9.9.9'"),
        ({"units": ["bakery@latest"]}, "There is no unit 'bakery'"),
        ({"units": ["orders@latest"], "to": "moon"}, "There is no environment 'moon'"),
        ({"units": ["orders@latest"], "from": "prod", "to": "dev"}, "'from' (prod) comes after 'to' (dev)"),
        ({"units": ["orders@0.1.0", "orders@0.2.0"]}, "orders is there more than once"),
        ({"units": []}, "it must name either releases"),
        ({"units": ["orders@latest"], "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_request_ends_with_what_is_valid(trains: MotoTrains, request_: dict[str, Any], said: str) -> None:
    """Before anything is touched; it is in the history of trains all the same."""
    train = trains.end(trains.start(f"wrong-{next(NUMBERS)}", **request_))
    assert train.status == "FAILED"
    assert said in train.message


def test_a_name_that_is_too_long_for_those_of_members_starts_nothing(trains: MotoTrains) -> None:
    """Only the console and programs can give one; else each member would look as if it had no state machine."""
    train = trains.end(trains.start("t" * 60, units=["orders@0.1.0"], to="dev"))
    assert train.status == "FAILED"
    assert "Start it under a name of at most 48" in train.message


def test_no_member_moves_while_another_one_was_never_merged(trains: MotoTrains, version: str) -> None:
    """Nothing could move that one: it has no state machine, which was found when others were in the environment."""
    company = trains.company
    newcomer = company.folder / "projects" / "newcomer"
    newcomer.mkdir()
    (newcomer / "pyproject.toml").write_text(f'[project]\nname = "newcomer"\nversion = "{version}"\n')
    company.commit("Add a unit that nobody has looked at")
    company.publish(version, unit="newcomer")
    train = trains.end(trains.start(name_of(version), units=[f"orders@{version}", f"newcomer@{version}"]))
    assert (train.status, trains.stages(train.execution)) == ("FAILED", {})
    assert "newcomer cannot be promoted yet: a unit gets its state machines when it is first merged." in train.message


def test_no_member_enters_where_another_one_may_not_begin(trains: MotoTrains, version: str) -> None:
    """Its own promotion would refuse; but that is asked only when others have gone in, and people were asked before."""
    orders = trains.of("orders")
    assert orders.follow(orders.start(f"alone-{version}", version=version, to="test")).status == "SUCCEEDED"
    before = trains.running("test")
    train = trains.end(trains.start(name_of(version), units=[f"{one}@{version}" for one in UNITS], **{"from": "test"}))
    assert (train.status, trains.stages(train.execution)) == ("FAILED", {})
    assert (
        f"cannot begin at test: invoices@{version} has not passed dev; stock@{version} has not passed dev."
        in train.message
    )
    assert trains.running("test") == before


def test_a_release_in_quarantine_takes_no_train(trains: MotoTrains, version: str) -> None:
    """The train ends before it begins."""
    trains.company.ledger.controls.set_quarantine(Quarantine(unit="stock", version=version, reason="It leaks."))
    train = trains.carry(name_of(version), version)
    assert (train.status, f"stock@{version} is in quarantine: It leaks." in train.message) == ("FAILED", True)


def test_one_approval_is_for_all_members(trains: MotoTrains, version: str) -> None:
    """It shows every plan, and members' own gates find it in the ledger; nobody is asked again."""
    heard = trains.company.listen("approvals_topic")
    execution = trains.start(name_of(version), units=[f"{unit}@{version}" for unit in UNITS])
    asked = until(lambda: trains.asked(execution, "prod"))
    assert {one.unit for one in asked.entries} == set(UNITS)
    decided = trains.decide(execution, "prod", "approve")
    assert decided["status"] == "SUCCEEDED", decided
    train = trains.end(execution)
    assert train.outcome == "ARRIVED", train.message
    assert trains.running("prod") == dict.fromkeys(UNITS, version)
    (notice,) = [one["Message"] for one in trains.company.read(heard)]
    assert all(f"{unit}@{version} is the first there in prod" in notice for unit in UNITS)
    (decision,) = trains.company.ledger.approvals.decisions(train_subject(train.name))
    assert (decision.status, decision.version) == ("APPROVED", train.name)


def test_a_newer_train_with_a_common_member_supersedes_one_that_waits(trains: MotoTrains, version: str) -> None:
    """As a newer promotion does; once it is rejected, it goes no further, and a decision that comes then is refused."""
    before = trains.running("prod")
    older = trains.start(name_of(version), units=[f"{unit}@{version}" for unit in UNITS])
    until(lambda: trains.asked(older, "prod"))
    trains.company.publish(f"{version}.post1", unit="orders")
    newer = trains.start(f"newer-{name_of(version)}", units=[f"orders@{version}.post1"])
    until(lambda: trains.asked(newer, "prod"))
    ended = trains.end(older)
    assert (ended.status, ended.outcome) == ("SUCCEEDED", "SUPERSEDED"), ended.message
    assert trains.decide(newer, "prod", "reject")["status"] == "SUCCEEDED"
    rejected = trains.end(newer)
    assert (rejected.status, rejected.outcome) == ("FAILED", "REJECTED")
    assert trains.running("prod") == before
    assert trains.decide(newer, "prod", "approve")["status"] == "FAILED"
