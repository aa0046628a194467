"""Every way through a promotion, on moto's engine, with the real handlers behind its Lambda calls.

Moto gives no work to an activity's workers, so promotions here start with a release that is built already;
and it refuses a change set that would change nothing, so that none is deployed twice in a row.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.steps.contract import Execution
from tests.moto_company import MotoCompany, moto_company
from tests.waiting import until


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company whose first release went through all environments."""
    with moto_company(tmp_path_factory.mktemp("company")) as made:
        made.publish("0.1.0")
        made.install()
        seen = made.promote("first", version="0.1.0")
        assert seen.status == "SUCCEEDED", seen.message
        yield made


def beginning(environment: str) -> dict[str, Any]:
    """A request that begins in the middle, with a release that was never in the environments before."""
    return {"from": environment, "skip_gates": True, "reason": "a test of what comes after"}


def execution_of(company: MotoCompany, name: str, started_at: datetime) -> Execution:
    """Another execution of the same unit."""
    arn = company.organization.state_machine_arn(company.unit.state_machine_name)
    return Execution(id=f"{arn.replace(':stateMachine:', ':execution:')}:{name}", name=name, started_at=started_at)


def test_a_release_is_in_every_account_and_known_to_be_good(company: MotoCompany) -> None:
    """No lock is left."""
    for name in company.organization.environment_names:
        assert "0.1.0" in company.ledger.environments.running("clock", name).good
        assert company.lock(name) is None
    assert company.running("prod") == "0.1.0"


def test_a_rejected_release_ends_before_the_environment(company: MotoCompany) -> None:
    """The cause is the person's reason, and the environment keeps what it had."""
    company.publish("0.2.0")
    before = company.running("prod")
    execution = company.start("rejected", version="0.2.0")
    until(lambda: company.asked(execution, "prod") or None)
    assert company.decide("prod", "0.2.0", "reject")["status"] == "SUCCEEDED"
    seen = company.follow(execution)
    assert (seen.status, seen.message) == ("FAILED", "clock@0.2.0 was rejected for prod: tried")
    assert company.states(execution)[-1] == "Rejected prod"
    assert (company.running("staging"), company.running("prod")) == ("0.2.0", before)


def test_an_approval_that_nobody_gives_times_out(company: MotoCompany) -> None:
    """The promotion ends, and a decision that comes too late is refused and recorded."""

    def impatient(definition: dict[str, Any]) -> None:
        definition["States"]["Approve prod"]["TimeoutSeconds"] = 1

    company.publish("0.3.0")
    company.install(impatient)
    execution = company.start("timed-out", version="0.3.0", **beginning("staging"))
    seen = company.follow(execution)
    company.install()
    assert (seen.status, seen.message) == ("FAILED", "Nobody decided on prod within 168 hours.")
    assert company.states(execution)[-1] == "Timed out prod"
    late = company.decide("prod", "0.3.0", "approve")
    assert (late["status"], late["error"]) == ("FAILED", "REFUSED")
    assert "no longer waits" in late["cause"]
    assert company.ledger.approvals.decisions("clock")[0].status == "REFUSED"
    assert company.running("prod") != "0.3.0"


def test_a_failed_smoke_test_is_rolled_back(company: MotoCompany) -> None:
    """The environment serves what last worked, and the ones after it were never touched."""
    company.publish("0.4.0")
    company.site.broken.add("0.4.0")
    before = {name: company.running(name) for name in company.organization.environment_names}
    execution = company.start("broken", version="0.4.0", **beginning("test"))
    seen = company.follow(execution)
    assert seen.status == "FAILED"
    assert f"test was returned to clock@{before['test']}, which works." in seen.message
    assert company.states(execution)[-2:] == ["Rolled back test?", "Failed test"]
    assert {name: company.running(name) for name in company.organization.environment_names} == before
    assert company.ledger.environments.running("clock", "test").status == "ROLLED_BACK"
    assert company.lock("test") is None


def test_a_roll_back_that_fails_too_says_both(company: MotoCompany) -> None:
    """What failed first, and what failed then; the lock is free for whoever mends it."""
    company.publish("0.5.0")
    good = company.running("dev")
    assert good is not None
    company.site.broken |= {"0.5.0", good}
    execution = company.start("twice-broken", version="0.5.0", to="dev")
    seen = company.follow(execution)
    company.site.broken.discard(good)
    assert seen.status == "FAILED"
    assert "clock@0.5.0 failed its smoke tests in dev" in seen.message
    assert f"It was returned to clock@{good}, but" in seen.message
    assert company.ledger.environments.running("clock", "dev").status == "FAILED"
    assert company.lock("dev") is None


def test_with_nothing_to_return_to_the_stack_is_left_for_inspection(company: MotoCompany) -> None:
    """The first release of a unit may fail like any other."""
    company.publish("0.6.0", unit="first_timer")
    company.site.broken.add("0.6.0")
    other = company.with_unit("first_timer")
    other.install()
    seen = other.follow(other.start("first", version="0.6.0"))
    assert seen.status == "FAILED"
    assert "no last known good release of first_timer in dev" in seen.message
    assert "app-first-timer is left as it is" in seen.message


def test_a_newer_request_supersedes_the_older_one(company: MotoCompany) -> None:
    """The older promotion ends well and names the one that took over; the newer one is then approved."""
    company.publish("0.7.0")
    company.publish("0.8.0")
    older = company.start("older", version="0.7.0")
    until(lambda: company.asked(older, "prod") or None)
    newer = company.promote("newer", version="0.8.0")
    seen = company.follow(older)
    assert (seen.status, newer.status) == ("SUCCEEDED", "SUCCEEDED")
    assert seen.message == "clock@0.7.0 is superseded in prod by clock@0.8.0, asked for later."
    assert company.states(older)[-1] == "Superseded"
    assert company.running("prod") == "0.8.0"


def test_an_older_promotion_never_lands_on_a_newer_one(company: MotoCompany) -> None:
    """Whatever its version: the order of promotions counts."""
    company.publish("0.9.0")
    kept = company.ledger.environments.running("clock", "dev")
    newer = execution_of(company, "from-the-future", datetime.now(UTC) + timedelta(hours=1))
    company.ledger.environments.record(kept.model_copy(update={"version": "0.8.0"}), newer)
    execution = company.start("late", version="0.9.0", to="dev")
    seen = company.follow(execution)
    table = company.wiring.session.resource("dynamodb").Table(company.wiring.settings["ledger_table"])
    table.update_item(
        Key={"pk": "ENVIRONMENT#dev", "sk": "clock"},
        UpdateExpression="SET #order = :order",
        ExpressionAttributeNames={"#order": "order"},
        ExpressionAttributeValues={":order": kept.order},
    )
    assert seen.status == "SUCCEEDED"
    assert seen.message == "clock@0.9.0 is superseded in dev by clock@0.8.0, which started later."
    assert company.states(execution)[-3:] == ["Plan dev", "Planned dev?", "Superseded"]


def test_a_deployment_waits_for_the_one_that_holds_the_lock(company: MotoCompany) -> None:
    """And goes on as soon as the lock is free."""
    company.publish("0.10.0")
    company.publish("0.10.1")
    holder = company.start("holder", version="0.10.1", **beginning("prod"))
    until(lambda: company.asked(holder, "prod") or None)
    company.ledger.environments.take_lock("clock", "test", execution_of(company, "holder", datetime.now(UTC)))
    execution = company.start("patient", version="0.10.0", **beginning("test"), to="test")
    until(lambda: "Wait to deploy test" in company.states(execution) or None)
    assert company.running("test") != "0.10.0"
    company.ledger.environments.free_lock("clock", "test", holder)
    assert company.follow(execution).status == "SUCCEEDED"
    assert company.running("test") == "0.10.0"
    company.decide("prod", "0.10.1", "reject")


def test_a_lock_whose_holder_is_gone_holds_nobody(company: MotoCompany) -> None:
    """An execution that ended without freeing it blocks nothing."""
    company.publish("0.11.0")
    gone = execution_of(company, "never-was", datetime.now(UTC))
    company.ledger.environments.take_lock("clock", "test", gone)
    seen = company.promote("undeterred", version="0.11.0", **beginning("test"), to="test")
    assert seen.status == "SUCCEEDED"
    assert company.lock("test") is None


def test_a_stack_that_moved_since_the_plan_is_planned_anew(company: MotoCompany) -> None:
    """A new plan asks for a new approval."""
    company.publish("0.12.0")
    execution = company.start("stale", version="0.12.0", **beginning("prod"))
    until(lambda: company.asked(execution, "prod") or None)
    cloudformation = company.client("prod", "cloudformation")
    for change_set in cloudformation.list_change_sets(StackName="app-clock")["Summaries"]:
        if change_set["ExecutionStatus"] == "AVAILABLE":
            cloudformation.delete_change_set(StackName="app-clock", ChangeSetName=change_set["ChangeSetId"])
    company.decide("prod", "0.12.0", "approve")
    until(lambda: company.asked(execution, "prod") or None)
    running = company.ledger.environments.running("clock", "prod")
    assert (running.version, running.status) == (company.running("prod"), "HEALTHY")
    assert company.lock("prod") is None
    company.decide("prod", "0.12.0", "approve")
    assert company.follow(execution).status == "SUCCEEDED"
    assert company.states(execution).count("Plan prod") == 2
    assert company.running("prod") == "0.12.0"


def test_from_and_to_name_the_first_and_the_last_environment(company: MotoCompany) -> None:
    """A version that is named is not built."""
    company.publish("0.13.0")
    execution = company.start("part", version="0.13.0", **beginning("test"), to="staging")
    assert company.follow(execution).status == "SUCCEEDED"
    seen = company.states(execution)
    assert "Build" not in seen
    assert [name.removeprefix("Deploy ") for name in seen if name.startswith("Deploy ")] == ["test", "staging"]
    assert company.running("dev") != "0.13.0"


def test_an_unknown_version_fails_with_those_that_are_known(company: MotoCompany) -> None:
    """Before anything is touched."""
    seen = company.follow(company.start("unknown", version="7.7.7"))
    assert seen.status == "FAILED"
    assert "There is no release of clock '7.7.7'" in seen.message
