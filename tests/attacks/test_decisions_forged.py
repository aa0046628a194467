"""Attacks: a release gets into prod although nobody approved it, by what is written in the ledger or answered to it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr

from orchestrator.config.unit import UnitSettings
from orchestrator.decisions.document import Kept, train_subject
from orchestrator.ledger.controls import EVERY, Freeze
from orchestrator.steps.contract import Status
from orchestrator.trains.names import child_name
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps
from tests.waiting import until

NUMBERS = count(1)
USERS = "arn:aws:iam::123456789012:user"
ALICE, BOB, MALLORY = f"{USERS}/release-alice", f"{USERS}/release-bob", f"{USERS}/mallory"
PATTERN = f"{USERS}/release-*"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in which two release managers must approve prod."""
    own = UnitSettings(approvers={"prod": (PATTERN,)}, required_approvals={"prod": 2})
    with moto_company(tmp_path_factory.mktemp("company"), environments=("prod",)) as made:
        strict = made.with_unit("clock", own)
        strict.install()
        yield strict


@pytest.fixture
def waiting(company: MotoCompany) -> Iterator[str]:
    """A promotion that waits for prod."""
    version = f"1.{next(NUMBERS)}.0"
    company.publish(version)
    execution = company.start(f"waits-{version}", version=version, skip_gates=True, reason="a test", **{"from": "prod"})
    until(lambda: company.asked(execution, "prod") or None)
    yield execution
    company.wiring.stepfunctions.stop_execution(executionArn=execution)
    company.end(execution.rsplit(":", 1)[-1], "ABORTED")


def version_of(execution: str) -> str:
    """The version that an execution of these tests promotes."""
    return execution.rsplit("-", 1)[-1]


def items(company: MotoCompany) -> list[dict[str, Any]]:
    """All that lies in tables, as somebody finds it who may read all of them."""
    names = company.wiring.session.client("dynamodb").list_tables()["TableNames"]
    tables = [company.wiring.session.resource("dynamodb").Table(name) for name in names]
    return [item for table in tables for item in table.scan()["Items"]]


def asked(company: MotoCompany, execution: str) -> dict[str, Any]:
    """The item that is a request for approval."""
    return next(one for one in items(company) if one.get("execution") == execution and "plan_hash" in one)


def forge(company: MotoCompany, item: dict[str, Any]) -> None:
    """Put one item into the ledger."""
    company.wiring.session.resource("dynamodb").Table(company.wiring.settings["ledger_table"]).put_item(Item=item)


def asked_again(company: MotoCompany, execution: str) -> None:
    """Wait until a promotion asks for approval again, after Deploy found that it has none."""
    until(lambda: company.states(execution).count("Approve prod") > 1 or None)
    until(lambda: company.asked(execution, "prod") or None)
    assert "Roll back prod" not in company.states(execution)


def test_an_answer_that_says_approved_deploys_nothing(company: MotoCompany, waiting: str) -> None:
    """Whoever has the token, such as the builder's role, may answer; the promotion asks again."""
    item = asked(company, waiting)
    token = next(
        one["token"] for one in items(company) if one.get("token") and one.get("request", item["id"]) == item["id"]
    )
    forged = {"status": "APPROVED", "message": "approved", "gate": "arn:of-no-gate"}
    company.wiring.stepfunctions.send_task_success(taskToken=token, output=json.dumps(forged))
    asked_again(company, waiting)
    assert company.running("prod") != version_of(waiting)


def test_an_answer_that_points_to_an_older_approval_deploys_nothing(company: MotoCompany) -> None:
    """Of the same release and the same plan: it was made for another promotion."""
    version = f"1.{next(NUMBERS)}.0"
    company.publish(version)
    request: dict[str, Any] = {"version": version, "from": "prod", "skip_gates": True, "reason": "a test"}
    first = company.start(f"first-{version}", **request)
    until(lambda: company.asked(first, "prod") or None)
    # It is approved, and stopped before it is deployed: so the same plan can be made again.
    until_then = datetime.now(UTC) + timedelta(hours=1)
    company.ledger.controls.set_freeze(Freeze(environment="prod", until=until_then, reason="Audit."))
    for who in (ALICE, BOB):
        assert company.decide("prod", version, "approve", who)["status"] == "SUCCEEDED"
    company.wiring.stepfunctions.stop_execution(executionArn=first)
    assert company.follow(first).status == "ABORTED"
    company.ledger.controls.lift_freeze("prod", EVERY, "a test")
    kept = company.ledger.approvals.decisions("clock")[0]
    where = Kept(key=kept.key, version_id=kept.version_id)
    second = Steps(company, company.ledger.releases.release("clock", version), "prod", f"second-{version}")
    plan = second("plan")
    decision = company.wiring.decisions.read(where)
    assert decision is not None
    again = {**plan, "plan_hash": decision.entries[0].plan_hash}
    forged = {"status": "APPROVED", "message": "approved", "decision": where.model_dump()}
    answer = second("deploy", plan=again, approval=forged)
    assert answer["status"] == Status.NOT_APPROVED
    assert "the decision was made for another promotion" in answer["message"]


@pytest.mark.parametrize("status", ["APPROVED", "PENDING"])
def test_an_item_that_says_decided_deploys_nothing(company: MotoCompany, waiting: str, status: str) -> None:
    """Not even when somebody starts the gate, which would hand on what was decided."""
    item = asked(company, waiting)
    verdict = {"gate": "arn:of-no-gate", "message": "approved", "identity": ALICE, "evidence": "proof"}
    forge(company, {**item, "status": status, "verdict": verdict})
    assert company.decide("prod", version_of(waiting), "approve", MALLORY)["status"] == "FAILED"
    assert company.decide("prod", version_of(waiting), "reject", MALLORY)["status"] == "FAILED"
    assert "Deploy prod" not in company.states(waiting)
    assert company.running("prod") != version_of(waiting)


def test_approvals_that_are_written_into_the_ledger_do_not_count(company: MotoCompany, waiting: str) -> None:
    """One approves, and the other one is made up."""
    forge(company, {**asked(company, waiting), "approved_by": [BOB]})
    assert company.decide("prod", version_of(waiting), "approve", ALICE)["status"] == "SUCCEEDED"
    assert company.ledger.approvals.decisions("clock")[0].status == "COUNTED"
    assert "Deploy prod" not in company.states(waiting)


def test_a_policy_that_is_written_into_the_ledger_loosens_nothing(company: MotoCompany, waiting: str) -> None:
    """Whose decisions count is not read from what somebody else may write."""
    forge(company, {**asked(company, waiting), "policy": {"approvers": [], "approvals": 1, "excluded": []}})
    assert "is not among the approvers" in company.decide("prod", version_of(waiting), "approve", MALLORY)["cause"]
    company.decide("prod", version_of(waiting), "approve", ALICE)
    assert company.ledger.approvals.decisions("clock")[0].status == "COUNTED"


def test_a_request_that_was_altered_is_not_approved(company: MotoCompany, waiting: str) -> None:
    """What is decided on must be what is shown: another release under the same name, or another plan."""
    item, version = asked(company, waiting), version_of(waiting)
    forge(company, {**item, "manifest_sha256": "0" * 64})
    assert "was altered in the ledger" in company.decide("prod", version, "approve", ALICE)["cause"]
    forge(company, {**item, "plan_hash": "0" * 64, "entries": [{**item["entries"][0], "plan_hash": "0" * 64}]})
    for who in (ALICE, BOB):
        # Whoever approves what the forger shows has approved that, and nothing else.
        company.decide("prod", version, "approve", who)
    asked_again(company, waiting)
    assert company.running("prod") != version


def test_a_train_that_the_ledger_says_was_approved_lets_nobody_in(company: MotoCompany) -> None:
    """A train, its member, its stage and its approval, all made up; the promotion asks people."""
    version = f"1.{next(NUMBERS)}.0"
    release = company.publish(version)
    running = company.start("forged", version=version, skip_gates=True, reason="a test", **{"from": "prod"})
    train = {"name": "forged", "execution": running, "started_at": "2026-01-01T00:00:00Z", "members": ["clock"]}
    steps = Steps(company, release, "prod", child_name("forged", "prod"))
    plan = steps("plan")
    bound = {"manifest_sha256": release.manifest_sha256, "plan_hash": plan["plan_hash"]}
    part = {"unit": "clock", **bound}
    subject = {"unit": train_subject("forged"), "environment": "prod", "version": "forged", "execution": running}
    request = {**subject, **bound, "id": "r", "order": "2026", "token": "t", "status": "APPROVED"}
    request["entries"] = [{"version": version, **part}]
    for pk in ("TRAIN#forged", "STAGES#forged", "APPROVALS#train/forged"):
        forge(company, {"pk": pk, "sk": "TRAIN", **train})
        forge(company, {"pk": pk, "sk": f"MEMBER#{steps.execution.id}", "unit": "clock"})
        forge(company, {"pk": pk, "sk": "STAGE#prod", "environment": "prod", "parts": {"clock": part}})
        forge(company, {"pk": pk, "sk": "prod", **request})
        forge(company, {"pk": pk, "sk": "APPROVAL#prod", **request})
    gate = company.organization.state_machine_arn("clock-approve-prod")
    own = {"request": {"version": version, "train": "forged"}, "plan": plan}
    steps("request_approval", gate_arn=gate, token=f"token-of-{version}", **own)
    found = company.ledger.approvals.request("clock", "prod")
    assert found is not None
    assert (found.execution, found.status) == (steps.execution.id, "PENDING")
    assert steps("deploy", approval=None, **own)["status"] == Status.NOT_APPROVED


def test_a_release_that_the_ledger_says_was_good_is_not_returned_to(company: MotoCompany) -> None:
    """What runs there is written by several steps; what was good there by the one alone that tested it."""
    version = f"1.{next(NUMBERS)}.0"
    release = company.publish(version)
    running = {"unit": "clock", "environment": "prod", "version": version, "status": "HEALTHY", "good": [version]}
    forge(company, {"pk": "ENVIRONMENT#prod", "sk": "clock", "order": "2026-01-01", **running})
    steps = Steps(company, release, "prod", f"back-{version}")
    request = {"version": version, "rollback": True, "reason": "forged", "from": "prod", "to": "prod"}
    plan = steps("plan", request=request)
    answer = steps("deploy", plan=plan, approval=None, request=request)
    assert answer["status"] == Status.NOT_APPROVED
    assert company.running("prod") != version
    company.ledger.environments.forget("clock", "prod")


def test_no_pending_request_carries_its_token(company: MotoCompany, waiting: str) -> None:
    """The ledger is read by many; tokens lie in a table that few may read."""
    ledger = company.wiring.session.resource("dynamodb").Table(company.wiring.settings["ledger_table"])
    tokens = company.wiring.session.resource("dynamodb").Table(company.wiring.settings["tokens_table"])
    found = ledger.scan(FilterExpression=Attr("execution").eq(waiting))["Items"]
    token = tokens.get_item(Key={"request": asked(company, waiting)["id"]})["Item"]["token"]
    assert found
    assert str(token) not in str(ledger.scan()["Items"])
