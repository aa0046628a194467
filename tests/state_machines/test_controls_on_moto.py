"""What keeps a promotion back, on moto's engine: holds, freezes, quarantine, queues, and the ways past them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from orchestrator.config.unit import UnitSettings
from orchestrator.ledger.controls import Freeze, Quarantine
from tests.moto_company import MotoCompany, moto_company
from tests.waiting import until

NUMBERS = count(1)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company whose first two releases went through all environments."""
    with moto_company(tmp_path_factory.mktemp("company")) as made:
        made.install()
        for version in ("0.1.0", "0.2.0"):
            made.publish(version)
            seen = made.promote(f"first-{version}", version=version)
            assert seen.status == "SUCCEEDED", seen.message
        yield made


@pytest.fixture
def release(company: MotoCompany) -> str:
    """A release that no other test has."""
    version = f"1.{next(NUMBERS)}.0"
    company.publish(version)
    return version


def freeze(company: MotoCompany, environment: str) -> None:
    """Close an environment for an hour."""
    until_then = datetime.now(UTC) + timedelta(hours=1)
    company.ledger.controls.set_freeze(Freeze(environment=environment, until=until_then, reason="Audit."))


def test_a_merge_stops_before_an_environment_on_hold_and_a_person_does_not(company: MotoCompany, release: str) -> None:
    """What works there then lifts the hold."""
    company.site.broken.add(release)
    company.follow(company.start(f"breaks-{release}", version=release, to="dev"))
    company.site.broken.clear()
    hold = company.ledger.controls.hold("clock", "dev")
    assert hold is not None
    assert (hold.version, hold.reason) == (release, f"clock@{release} failed there.")
    company.publish("2.0.0")
    request = {"version": "2.0.0", "branch": "main", "to": "dev"}
    company.ledger.starts.note("clock", company.execution_arn("merged"), request)
    merged = company.follow(company.start("merged", **request))
    assert (merged.status, merged.cells["dev"].state) == ("FAILED", "failed")
    assert "clock is on hold in dev" in merged.message
    assert "'orchestrator resume clock dev'" in merged.message
    by_hand = company.follow(company.start("by-hand", version="2.0.0", to="dev"))
    assert by_hand.status == "SUCCEEDED"
    assert company.ledger.controls.hold("clock", "dev") is None


def test_a_release_in_quarantine_goes_nowhere(company: MotoCompany, release: str) -> None:
    """The promotion stops before it plans anything, with the reason."""
    company.ledger.controls.set_quarantine(Quarantine(unit="clock", version=release, reason="It leaks."))
    seen = company.follow(company.start(f"barred-{release}", version=release))
    assert seen.status == "FAILED"
    assert f"clock@{release} is in quarantine: It leaks." in seen.message
    company.ledger.controls.lift_quarantine("clock", release, "test")
    assert company.follow(company.start(f"lifted-{release}", version=release, to="dev")).status == "SUCCEEDED"


def test_quarantine_stops_a_promotion_under_way_before_its_next_deployment(company: MotoCompany, release: str) -> None:
    """An approval that it has already does not help it."""
    execution = company.start(f"under-way-{release}", version=release)
    until(lambda: company.asked(execution, "prod") or None)
    freeze(company, "prod")
    company.decide("prod", release, "approve")
    until(lambda: "Wait to deploy prod" in company.states(execution) or None)
    company.ledger.controls.set_quarantine(Quarantine(unit="clock", version=release, reason="It leaks."))
    company.ledger.controls.lift_freeze("prod", "*", "test")
    seen = company.follow(execution)
    assert seen.status == "FAILED"
    assert "in quarantine" in seen.message
    assert company.running("prod") != release
    assert company.lock("prod") is None


def test_a_release_in_quarantine_is_not_approved_and_may_be_rejected(company: MotoCompany, release: str) -> None:
    """Whoever approves is told why."""
    execution = company.start(f"asked-{release}", version=release)
    until(lambda: company.asked(execution, "prod") or None)
    company.ledger.controls.set_quarantine(Quarantine(unit="clock", version=release, reason="It leaks."))
    refused = company.decide("prod", release, "approve")
    assert (refused["status"], "It leaks." in refused["cause"]) == ("FAILED", True)
    assert company.decide("prod", release, "reject")["status"] == "SUCCEEDED"
    assert "was rejected" in company.follow(execution).message


def test_a_freeze_is_waited_for(company: MotoCompany, release: str) -> None:
    """And again after an approval: it cannot outlive the freeze."""
    freeze(company, "test")
    execution = company.start(f"frozen-{release}", version=release, **{"from": "dev"})
    until(lambda: "test" in company.look(execution).cells or None)
    assert company.running("test") != release
    company.ledger.controls.lift_freeze("test", "*", "test")
    until(lambda: company.asked(execution, "prod") or None)
    freeze(company, "prod")
    approved = json.loads(company.decide("prod", release, "approve")["output"])["message"]
    assert "prod is frozen until " in approved
    assert "Audit. The approval is kept, and the deployment waits until then." in approved
    until(lambda: company.look(execution).cells["prod"].step == "deploying" or None)
    assert company.running("prod") != release
    company.ledger.controls.lift_freeze("prod", "*", "test")
    assert company.follow(execution).status == "SUCCEEDED"
    assert company.running("prod") == release


def test_a_freeze_can_be_overridden_with_a_reason(company: MotoCompany, release: str) -> None:
    """Which the ledger keeps, with the request."""
    freeze(company, "*")
    refused = company.follow(company.start(f"silent-{release}", version=release, to="dev", override_freeze=True))
    assert "must come with a 'reason'" in refused.message
    name = f"override-{release}"
    seen = company.follow(company.start(name, version=release, to="dev", override_freeze=True, reason="an outage"))
    company.ledger.controls.lift_freeze("*", "*", "test")
    assert seen.status == "SUCCEEDED"
    kept = next(one for one in company.ledger.promotions.promotions("clock") if one.name == name)
    assert kept.request["override_freeze"] is True
    assert kept.request["reason"] == "an outage"


def test_a_rollback_needs_no_approval_and_leaves_a_hold(company: MotoCompany) -> None:
    """To what worked there before; the next merge does not undo it."""
    # Not to the first release: to moto, that is no change of a stack.
    bad = company.running("prod")
    request: dict[str, Any] = {
        "version": "0.2.0",
        "from": "prod",
        "to": "prod",
        "rollback": True,
        "reason": "customers complain",
    }
    seen = company.follow(company.start("rollback", **request))
    assert seen.status == "SUCCEEDED", seen.message
    assert (company.running("prod"), company.running("staging")) == ("0.2.0", bad)
    hold = company.ledger.controls.hold("clock", "prod")
    assert hold is not None
    assert "rolled back to 0.2.0 by hand: customers complain" in hold.reason
    # Where a newer release is enough to come in again, the one that somebody went back from is none.
    assert hold.version == bad


def test_a_rollback_leads_only_to_what_worked_there(company: MotoCompany, release: str) -> None:
    """Anything else is a promotion, with its approval."""
    request: dict[str, Any] = {
        "version": release,
        "from": "prod",
        "to": "prod",
        "rollback": True,
        "reason": "a way around",
    }
    seen = company.follow(company.start(f"around-{release}", **request))
    assert (seen.status, list(seen.cells)) == ("FAILED", ["build"])
    assert f"clock@{release} never worked in prod" in seen.message


def test_the_middle_is_no_beginning_without_a_reason(company: MotoCompany, release: str) -> None:
    """A release goes through the environments in order."""
    seen = company.follow(company.start(f"middle-{release}", version=release, **{"from": "staging"}))
    assert f"clock@{release} cannot begin at staging: it has not passed dev, test." in seen.message
    request: dict[str, Any] = {
        "version": release,
        "from": "staging",
        "to": "staging",
        "skip_gates": True,
        "reason": "hotfix",
    }
    assert company.follow(company.start(f"hotfix-{release}", **request)).status == "SUCCEEDED"


def test_queued_promotions_go_one_after_the_other(company: MotoCompany) -> None:
    """The newer one waits behind the older one's approval, and then both are carried out."""
    settings = UnitSettings(concurrency="queued")
    queued = company.with_unit("patient", settings)
    for version in ("0.1.0", "0.2.0"):
        queued.publish(version, unit="patient", concurrency="queued")
    queued.install()
    older = queued.start("older", version="0.1.0")
    until(lambda: queued.asked(older, "prod") or None)
    newer = queued.start("newer", version="0.2.0")
    until(lambda: "prod" in queued.look(newer).cells or None)
    assert queued.running("staging") == "0.2.0"
    queued.decide("prod", "0.1.0", "approve")
    assert queued.follow(older).status == "SUCCEEDED"
    until(lambda: queued.asked(newer, "prod") or None)
    assert queued.running("prod") == "0.1.0"
    queued.decide("prod", "0.2.0", "approve")
    assert queued.follow(newer).status == "SUCCEEDED"
    assert queued.running("prod") == "0.2.0"
