"""Attack: somebody starts a promotion by hand and names a train that was approved."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.decisions.document import Kept, train_subject
from orchestrator.ledger.trains import Train
from orchestrator.steps.contract import Execution, Release, Status
from orchestrator.trains.names import TRAIN_MACHINE, child_name
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

NAME = "billing-42"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with two releases of each of two units, one of which a train carries."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("prod",)) as made:
        for version in ("1.0.0", "2.0.0"):
            made.publish(version)
            made.publish(version, unit="orders")
        yield made


@pytest.fixture(scope="module")
def approved(company: MotoCompany) -> Kept:
    """The decision that let the train into prod, made by the real steps; where it lies."""
    machine = company.organization.state_machine_arn(TRAIN_MACHINE)
    execution = Execution(
        id=f"{machine.replace('stateMachine', 'execution')}:{NAME}", name=NAME, started_at=datetime.now(UTC)
    )
    company.ledger.trains.begin(
        Train(
            name=NAME,
            execution=execution.id,
            started_at=execution.started_at,
            members=("clock",),
            environments=("prod",),
            versions={"clock": "1.0.0"},
        )
    )
    plan = child(company, "1.0.0")("plan", request={"version": "1.0.0", "train": NAME})
    company.call(
        "request_train_approval",
        {
            "execution": execution.model_dump(mode="json"),
            "environment": "prod",
            "plans": [{key: plan[key] for key in ("status", "message", "key", "plan_hash")}],
            "gate_arn": company.organization.state_machine_arn("train-approve-prod"),
            "token": "token-of-the-train",
        },
    )
    asked = company.ledger.approvals.request(train_subject(NAME), "prod")
    assert asked is not None
    gate = {"environment": "prod", "gate": "arn:gate", "started_at": datetime.now(UTC).isoformat()}
    given = {"train": NAME, "plan": asked.plan_hash, "decision": "approve", "reason": "tested"}
    company.call("decide", {**gate, "decision": given})
    found = company.wiring.decisions.final(train_subject(NAME), "prod", asked.id)
    assert found is not None
    return found[1]


def release(company: MotoCompany, version: str) -> Release:
    """A release of the train's member."""
    return company.ledger.releases.release("clock", version)


def child(company: MotoCompany, version: str) -> Steps:
    """The promotion that the train starts, or one that somebody starts under its name."""
    return Steps(company, release(company, version), "prod", child_name(NAME, "prod"))


def deploy(steps: Steps, where: Kept, version: str, **request: Any) -> dict[str, Any]:
    """Plan and deploy as one of the train; the answer points to the train's decision."""
    asked = {"version": version, "train": NAME, **request}
    answer = {"status": "APPROVED", "message": "approved", "decision": where.model_dump()}
    # Whatever the plan says of who started it: to the attacker's advantage, it is the one that was approved.
    decision = steps.company.wiring.decisions.read(where)
    assert decision is not None
    plan = {**steps("plan", request=asked), "plan_hash": decision.entries[0].plan_hash}
    document: dict[str, Any] = steps("deploy", plan=plan, approval=answer, request=asked)
    return document


def test_a_promotion_by_hand_that_names_the_train_deploys_nothing(company: MotoCompany, approved: Kept) -> None:
    """Even of the very release: only the promotion that the train itself starts is one of its members'."""
    steps = Steps(company, release(company, "1.0.0"), "prod", "by-hand")
    answer = deploy(steps, approved, "1.0.0")
    assert answer["status"] == Status.NOT_APPROVED
    assert f"it is not the promotion that the train {NAME} starts" in answer["message"]


def test_another_release_under_the_name_of_a_member_deploys_nothing(company: MotoCompany, approved: Kept) -> None:
    """A train's decision lets in what it lists."""
    answer = deploy(child(company, "2.0.0"), approved, "2.0.0")
    assert answer["status"] == Status.NOT_APPROVED
    assert "the decision is not on this release and this plan" in answer["message"]


def test_a_unit_that_is_not_a_member_deploys_nothing(company: MotoCompany, approved: Kept) -> None:
    """Nor does another unit with the same version."""
    other = company.ledger.releases.release("orders", "1.0.0")
    steps = Steps(company, other, "prod", child_name(NAME, "prod"), stack="app-orders")
    assert deploy(steps, approved, "1.0.0")["status"] == Status.NOT_APPROVED


def test_the_member_that_was_decided_on_is_let_in(company: MotoCompany, approved: Kept) -> None:
    """What was approved is deployed, and its decision lists it."""
    kept = company.wiring.decisions.read(approved)
    assert kept is not None
    assert [(one.unit, one.version) for one in kept.entries] == [("clock", "1.0.0")]
    assert deploy(child(company, "1.0.0"), approved, "1.0.0")["status"] == Status.SUCCEEDED
