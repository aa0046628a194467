"""The handlers in several accounts: what they leave in S3, in the ledger, in targets, and what they tell people."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from orchestrator.decisions.document import Entry
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.releases import layout
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with state machines and nothing deployed."""
    with moto_company(tmp_path_factory.mktemp("company")) as made:
        made.install()
        yield made


def test_every_target_of_an_environment_is_planned_deployed_and_tested(company: MotoCompany) -> None:
    """Each with its own copy of the release; the whole plan is kept, and its hash is what approvals bind to."""
    company.change("Begin the clock")
    steps = Steps(company, company.publish("1.0.0"), "prod", "two-targets")
    parts = steps.deployed()
    tested = steps("smoke_test")
    assert tested["status"] == "SUCCEEDED"
    assert [one["target"] for one in tested["outcomes"]] == ["555555555555/eu-west-1", "666666666666/eu-west-1"]
    assert [company.running("prod", target) for target in (0, 1)] == ["1.0.0", "1.0.0"]
    for number, target in enumerate(company.organization.environment("prod").targets):
        listed = company.client("prod", "s3", number).list_objects_v2(Bucket=target.bucket)["Contents"]
        wheel = layout.source_key("clock", "1.0.0", "clock-1.0.0-py3-none-any.whl")
        assert wheel in [one["Key"] for one in listed]
    kept = json.loads(company.wiring.store.get(parts["plan"]["key"]))
    assert parts["plan"]["message"] == "clock@1.0.0 is the first there in prod: 2 to add; 1 commit."
    assert [one["resources"][0]["action"] for one in kept["targets"]] == ["Add", "Add"]
    assert kept["requirements_added"] == ["left-pad==1.0.0"]


def test_a_plan_tells_what_it_replaces(company: MotoCompany) -> None:
    """Commits and requirements between what runs there and what is to come."""
    first = Steps(company, company.publish("1.1.0"), "dev", "replaced")
    first.deployed()
    first("smoke_test")
    commit = company.change("Speed the clock up")
    planned = Steps(company, company.publish("1.2.0"), "dev", "replacing")("plan")
    kept = json.loads(company.wiring.store.get(planned["key"]))
    assert (planned["status"], kept["replaces"]) == ("PLANNED", "1.1.0")
    assert (kept["requirements_added"], kept["requirements_removed"]) == (["left-pad==1.2.0"], ["left-pad==1.1.0"])
    assert kept["commits"] == [f"{commit[:12]} Speed the clock up (Test <test@example.com>)"]


def test_equal_plans_have_equal_hashes(company: MotoCompany) -> None:
    """Whatever their change sets are called; another release has another hash."""
    release = company.publish("1.3.0")
    hashes = [Steps(company, release, "test", name)("plan")["plan_hash"] for name in ("once", "twice")]
    other = Steps(company, company.publish("1.4.0"), "test", "other")("plan")["plan_hash"]
    assert len({*hashes, other}) == 2


def test_a_step_that_is_called_again_goes_on_where_it_was(company: MotoCompany) -> None:
    """Lambda may call twice: neither plan nor deployment is made twice, and no lock is left after the end."""
    steps = Steps(company, company.publish("1.5.0"), "staging", "again")
    plans = [steps("plan"), steps("plan")]
    assert plans[0] == plans[1]
    assert [steps("deploy", plan=plans[0])["status"] for _ in range(2)] == ["SUCCEEDED", "SUCCEEDED"]
    assert company.lock("staging") == steps.execution.id
    assert [steps("smoke_test")["status"] for _ in range(2)] == ["SUCCEEDED", "SUCCEEDED"]
    assert company.lock("staging") is None
    assert company.ledger.environments.running("clock", "staging").good[-1] == "1.5.0"


def test_who_goes_back_by_hand_holds_out_what_was_there(company: MotoCompany) -> None:
    """Also when the step is called again, and what was there is no longer the last that worked."""
    releases = [company.publish("1.7.0"), company.publish("1.8.0")]
    for release in releases:
        there = Steps(company, release, "dev", f"there-{release.version}")
        there.deployed()
        there("smoke_test")
    back = Steps(company, releases[0], "dev", "back")
    back.deployed()
    request = {"version": "1.7.0", "rollback": True, "reason": "customers complain"}
    for _ in range(2):
        back("smoke_test", request=request)
        hold = company.ledger.controls.hold("clock", "dev")
        assert hold is not None
        assert (hold.version, hold.reason) == ("1.8.0", "it was rolled back to 1.7.0 by hand: customers complain.")


def test_an_artifact_that_was_tampered_with_is_not_deployed(company: MotoCompany) -> None:
    """Its digest is checked before every deployment."""
    steps = Steps(company, company.publish("1.6.0"), "test", "tampered")
    key = layout.source_key("clock", "1.6.0", "clock-1.6.0-py3-none-any.whl")
    bucket = company.organization.tooling.bucket
    company.wiring.session.client("s3").put_object(Bucket=bucket, Key=key, Body=b"evil")
    plan = steps("plan")
    with pytest.raises(AssertionError, match="SHA-256"):
        steps("deploy", plan=plan)
    assert company.running("test") != "1.6.0"
    company.promote("tampered", version="no-such")
    company.end("tampered")


def test_people_are_asked_with_all_they_need_and_no_token(company: MotoCompany) -> None:
    """The summary, the gate's link, the JSON to paste, the command."""
    queue = company.listen("approvals_topic")
    steps = Steps(company, company.publish("1.7.0"), "prod", "asking")
    plan = steps("plan")
    gate = company.organization.state_machine_arn("clock-approve-prod")
    steps("request_approval", plan=plan, gate_arn=gate, token="t0ken")
    (notice,) = company.read(queue)
    assert notice["Subject"] == "Approve clock@1.7.0 for prod?"
    assert plan["message"] in notice["Message"]
    pasted = {"release": "1.7.0", "decision": "approve", "plan": plan["plan_hash"][:12], "reason": ""}
    assert json.dumps(pasted) in notice["Message"]
    assert f"#/statemachines/view/{gate}" in notice["Message"]
    assert "orchestrator approve clock prod --release 1.7.0" in notice["Message"]
    assert "t0ken" not in json.dumps(notice)
    assert "t0ken" not in repr(company.ledger.approvals.request("clock", "prod"))


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({"release": "9.9.9", "decision": "approve"}, "What waits for prod is clock@1.8.0, not 9.9.9"),
        ({"release": "1.8.0", "decision": "approve"}, "The decision does not name the plan that was shown"),
        ({"release": "1.8.0", "plan": "1" * 12, "decision": "approve"}, "was made again since it was shown"),
        ({"release": "1.8.0", "decision": "maybe"}, "The input of a gate must look like"),
        ({"release": "1.8.0"}, "The input of a gate must look like"),
        ("approve", "The input of a gate must look like"),
        (None, "The input of a gate must look like"),
    ],
)
def test_a_decision_that_cannot_count_is_refused_and_recorded(
    company: MotoCompany, decision: object, said: str
) -> None:
    """And the request goes on waiting."""
    pending(company, "1.8.0")
    before = len(company.ledger.approvals.decisions("clock"))
    now = datetime.now(UTC).isoformat()
    gate = {"unit": "clock", "environment": "prod", "gate": f"g{before}", "started_at": now}
    answer = company.call("decide", {**gate, "decision": decision})
    assert answer["status"] == "REFUSED"
    assert said in answer["message"]
    assert len(company.ledger.approvals.decisions("clock")) == before + 1
    request = company.ledger.approvals.request("clock", "prod")
    assert request is not None
    assert request.status == "PENDING"


def pending(company: MotoCompany, version: str) -> None:
    """Record a request for prod, newer than all others."""
    entry = Entry(unit="clock", version=version, manifest_sha256="m", plan_hash="0" * 64)
    asked = {"id": "r", **entry.model_dump(), "entries": (entry,), "environment": "prod", "execution": "e"}
    order = f"9#{datetime.now(UTC).isoformat()}"
    company.ledger.approvals.record_request(ApprovalRequest.model_validate({**asked, "order": order}))
