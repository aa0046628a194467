"""Whose approvals count, on moto's engine: approvers, how many, and who must not decide."""

from collections.abc import Iterator
from itertools import count

import pytest

from orchestrator.config.unit import UnitSettings
from orchestrator.ledger.approvals import IndexedDecision
from tests.moto_company import MotoCompany, moto_company
from tests.waiting import until

NUMBERS = count(1)
SESSION = "arn:aws:sts::123456789012:assumed-role"
MANAGER = "AWSReservedSSO_ReleaseManager_0123456789abcdef"
ALICE, BOB, AUTHOR = (f"{SESSION}/{MANAGER}/{name}" for name in ("alice", "bob", "zoe"))
DEVELOPER = f"{SESSION}/developer/carol"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in which two release managers must approve, who have neither written nor started it."""
    own = UnitSettings(
        approvers={"prod": ("arn:aws:iam::123456789012:role/AWSReservedSSO_ReleaseManager_*",)},
        required_approvals={"prod": 2},
    )
    policy = {"excluded_approvers": ["author", "starter"]}
    people: dict[str, tuple[str, ...]] = {"test@example.com": (AUTHOR,)}
    with moto_company(tmp_path_factory.mktemp("company"), environments=("prod",), prod=policy, people=people) as made:
        strict = made.with_unit("clock", own)
        strict.install()
        yield strict


@pytest.fixture
def waiting(company: MotoCompany) -> str:
    """A promotion that waits for prod; returns the version."""
    version = f"1.{next(NUMBERS)}.0"
    company.change(version)
    company.publish(version)
    request = {"version": version, "from": "prod", "skip_gates": True, "reason": "a test"}
    execution = company.start(f"waits-{version}", DEVELOPER, **request)
    until(lambda: company.asked(execution, "prod") or None)
    return execution


def last(company: MotoCompany) -> IndexedDecision:
    """The newest decision in the ledger."""
    return company.ledger.approvals.decisions("clock")[0]


def version_of(execution: str) -> str:
    """The version that an execution of these tests promotes."""
    return execution.rsplit("-", 1)[-1]


def test_it_takes_two(company: MotoCompany, waiting: str) -> None:
    """Different people; the first is counted, the second decides."""
    version = version_of(waiting)
    first = company.decide("prod", version, "approve", ALICE)
    assert first["status"] == "SUCCEEDED"
    assert last(company).message == f"clock@{version} has 1 of 2 approvals for prod."
    again = company.decide("prod", version, "approve", ALICE)
    assert (again["status"], "somebody else must approve" in again["cause"]) == ("FAILED", True)
    assert not company.look(waiting).ended
    company.decide("prod", version, "approve", BOB)
    assert company.follow(waiting).status == "SUCCEEDED"
    assert [(one.status, one.identity, one.evidence) for one in company.ledger.approvals.decisions("clock")[:3]] == [
        ("APPROVED", BOB, "cloudtrail"),
        ("REFUSED", ALICE, "cloudtrail"),
        ("COUNTED", ALICE, "cloudtrail"),
    ]


@pytest.mark.parametrize(
    ("who", "said"),
    [(DEVELOPER, "is not among the approvers"), (AUTHOR, "wrote a part of the change (Test <test@example.com>)")],
)
def test_some_must_not_decide(company: MotoCompany, waiting: str, who: str, said: str) -> None:
    """Neither approve nor reject; the promotion goes on waiting for those who may."""
    for decision in ("approve", "reject"):
        refused = company.decide("prod", version_of(waiting), decision, who)
        assert refused["status"] == "FAILED"
        assert said in refused["cause"]
    assert company.decide("prod", version_of(waiting), "reject", ALICE)["status"] == "SUCCEEDED"
    assert company.follow(waiting).status == "FAILED"


def test_who_started_a_promotion_does_not_decide_on_it(company: MotoCompany) -> None:
    """As CloudTrail knows it, whatever anybody claims."""
    company.change("2.0.0")
    company.publish("2.0.0")
    request = {"version": "2.0.0", "from": "prod", "skip_gates": True, "reason": "a test"}
    execution = company.start("started-by-alice", ALICE, **request)
    until(lambda: company.asked(execution, "prod") or None)
    refused = company.decide("prod", "2.0.0", "approve", ALICE)
    assert f"{ALICE} started the promotion" in refused["cause"]
    company.decide("prod", "2.0.0", "reject", BOB)


def test_a_gate_waits_for_cloudtrail_to_know_who_started_it(company: MotoCompany, waiting: str) -> None:
    """Which is minutes late; the decision counts when it is known."""
    version = version_of(waiting)
    arn = company.organization.state_machine_arn("clock-approve-prod")
    started = company.open_gate("prod", version, "reject", "late")
    until(lambda: "Wait to decide" in company.states(started) or None)
    assert not company.look(waiting).ended
    company.record_start(arn, "late", BOB)
    assert company.follow(waiting).status == "FAILED"
    assert last(company).identity == BOB
