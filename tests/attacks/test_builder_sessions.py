"""A unit's code has got hold of a builder's role and asks `begin_publish` for sessions: each attack is refused."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.publication.contract import Purpose, new_secret
from orchestrator.publication.session_policy import session_policy
from tests.moto_builds import MotoBuilds
from tests.moto_company import MotoCompany, moto_company
from tests.waiting import until

BUCKET, TABLE = "arn:aws:s3:::artifacts", "arn:aws:dynamodb:eu-west-1:123456789012:table/orchestrator-ledger"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with two units that are built."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev",)) as made:
        yield made


@pytest.fixture(scope="module")
def builds(company: MotoCompany) -> MotoBuilds:
    """Builds of its unit `clock`."""
    return MotoBuilds(company)


def test_the_builder_itself_is_given_a_session_of_its_unit_for_an_hour_at_most(builds: MotoBuilds) -> None:
    """First to read, and when it publishes, to publish."""
    builds.start("good")
    task, key = builds.take(), new_secret()
    for purpose in ("read", "publish", "publish"):
        given = task.begin(key, purpose)
        assert given["unit"] == "clock"
        left = datetime.fromisoformat(given["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=50) < left <= timedelta(hours=1)
    task.fail()


def test_code_that_finds_the_secret_of_its_own_build_comes_too_late(builds: MotoBuilds) -> None:
    """The builder redeems it before any code of the unit runs, with a key that only the builder has."""
    builds.start("own-secret")
    task = builds.take()
    task.begin(new_secret(), "read")
    for purpose in ("read", "publish"):
        with pytest.raises(AssertionError, match="was used by another builder: it counts once for each try"):
            task.begin(new_secret(), purpose)
    task.fail()


def test_a_guessed_secret_opens_nothing(builds: MotoBuilds) -> None:
    """Neither does none, nor one of another form."""
    builds.start("guessed")
    task = builds.take()
    with pytest.raises(AssertionError, match=r"This is not the secret of the build that .*:guessed waits for"):
        task.begin(new_secret(), nonce=new_secret())
    for nonce in ("", "x" * 44):
        with pytest.raises(AssertionError, match="nonce") as refused:
            task.begin(new_secret(), nonce=nonce)
        assert "is not what the function takes" in str(refused.value)
    task.fail()


def test_a_build_cannot_publish_for_another_unit(company: MotoCompany, builds: MotoBuilds) -> None:
    """Which unit it is, the execution says: naming another one's needs that one's secret."""
    other = company.with_unit("metronome")
    others = MotoBuilds(other)
    other_execution = others.start("theirs")
    theirs = others.take()
    builds.start("mine")
    mine = builds.take()
    with pytest.raises(AssertionError, match="This is not the secret"):
        mine.begin(new_secret(), execution=other_execution)
    with pytest.raises(AssertionError, match="This is not the secret"):
        theirs.begin(new_secret(), execution=mine.execution)
    assert theirs.begin(new_secret())["unit"] == "metronome"
    mine.fail()
    theirs.fail()


def test_a_secret_is_of_no_use_once_the_build_is_over(company: MotoCompany, builds: MotoBuilds) -> None:
    """Whoever reads it in the execution's history later cannot publish with it, not even with the builder's role."""
    execution = builds.start("over")
    task = builds.take()
    task.fail()
    assert company.look(execution).status == "FAILED"
    with pytest.raises(AssertionError, match=r"is not running, but FAILED: its build cannot be published any more"):
        task.begin(new_secret())


@pytest.mark.usefixtures("builds")
def test_a_secret_is_of_no_use_in_another_state_of_its_promotion(company: MotoCompany) -> None:
    """A promotion that waits for its approval, say, is not in Build."""
    company.publish("0.1.0")
    execution = company.start("no-build", version="0.1.0")
    until(lambda: company.asked(execution, "dev") or None)
    named = {"id": execution, "name": "no-build", "started_at": "2026-01-01T00:00:00Z"}
    nonce = company.call("prepare_build", {"unit": "clock", "execution": named})["nonce"]
    asked = {"execution": execution, "nonce": nonce, "key": new_secret(), "purpose": "publish"}
    with pytest.raises(AssertionError, match="does not wait for a build at this moment"):
        company.call("begin_publish", asked)
    company.wiring.stepfunctions.stop_execution(executionArn=execution)


@pytest.mark.parametrize(
    "execution",
    [
        "arn:aws:states:eu-west-1:123456789012:execution:clock-approve-prod:mine",
        "arn:aws:states:eu-west-1:999999999999:execution:promote-clock:mine",
        "arn:aws:states:us-east-1:123456789012:execution:promote-clock:mine",
        "arn:aws:states:eu-west-1:123456789012:execution:promote-clock:mine\n",
        "arn:aws:states:eu-west-1:123456789012:execution:promote-clock/*:mine",
        "arn:aws:states:eu-west-1:123456789012:execution:promote-*:mine",
        "arn:aws:states:eu-west-1:123456789012:stateMachine:promote-clock:mine",
        "promote-clock",
    ],
)
def test_what_is_not_a_promotion_of_this_account_is_refused(company: MotoCompany, execution: str) -> None:
    """Executions of machines that somebody made elsewhere tell nothing, and a pattern is not a unit."""
    asked = {"execution": execution, "nonce": new_secret(), "key": new_secret(), "purpose": "publish"}
    with pytest.raises(AssertionError, match="is not a promotion here: expected"):
        company.call("begin_publish", asked)


def test_a_build_that_was_handed_back_publishes_with_its_next_try(company: MotoCompany, builds: MotoBuilds) -> None:
    """And whoever was at it before does so no more: the try is over, and it lacks the key of the next."""
    builds.start("handed-back")
    first, stale = builds.take(), new_secret()
    first.begin(stale, "read")
    first.hand_back()
    second, key = builds.take(), new_secret()
    assert second.described["nonce"] == first.described["nonce"]
    assert second.begin(key, "read")["unit"] == "clock"
    with pytest.raises(AssertionError, match="was used by another builder"):
        first.begin(stale)
    assert second.begin(key)["unit"] == "clock"
    second.fail()
    assert company.look(second.execution).ended


def test_between_two_tries_nobody_publishes(company: MotoCompany, builds: MotoBuilds) -> None:
    """A promotion that waits to try again waits for no build."""
    builds.start("between")
    task = builds.take()
    events = company.wiring.stepfunctions.get_paginator("get_execution_history")

    def retrying() -> bool | None:
        kinds = [event["type"] for page in events.paginate(executionArn=task.execution) for event in page["events"]]
        return kinds[-1] == "TaskFailed" or None

    task.hand_back()
    until(retrying)
    with pytest.raises(AssertionError, match="does not wait for a build at this moment"):
        task.begin(new_secret())
    builds.take().fail()


def test_nothing_of_another_unit_is_within_a_session() -> None:
    """Whatever the publisher's role may do, each statement names one unit, its partition, or the bucket's listing."""
    for purpose in Purpose:
        policy = json.loads(session_policy("clock", purpose, BUCKET, TABLE))
        for statement in policy["Statement"]:
            if statement["Resource"] == TABLE:
                leading = "dynamodb:LeadingKeys"
                assert statement["Condition"] == {
                    "ForAllValues:StringEquals": {leading: ["RELEASES#clock", "FAILED-BUILDS#clock"]},
                    "Null": {leading: "false"},
                }
            elif statement["Action"] != "s3:ListBucket":
                assert statement["Resource"] in (f"{BUCKET}/projects/clock/*", f"{BUCKET}/logs/clock/*")
        assert len(json.dumps(policy)) < 2048


def test_a_session_to_read_with_writes_nothing() -> None:
    """What it has before it publishes is all that a build's code could get hold of."""
    policy = json.loads(session_policy("clock", Purpose.READ, BUCKET, TABLE))
    actions = [statement["Action"] for statement in policy["Statement"]]
    assert actions == ["s3:GetObject", "s3:ListBucket", "dynamodb:GetItem"]


def test_what_was_published_is_overwritten_by_no_session() -> None:
    """Each object is written with If-None-Match, or not at all; a log may be written again."""
    policy = json.loads(session_policy("clock", Purpose.PUBLISH, BUCKET, TABLE))
    writing = {one["Resource"]: one.get("Condition") for one in policy["Statement"] if one["Action"] == "s3:PutObject"}
    once = {"Null": {"s3:if-none-match": "false"}}
    assert writing == {f"{BUCKET}/projects/clock/*": once, f"{BUCKET}/logs/clock/*": None}


def test_what_calls_itself_codebuild_publishes_nothing_where_workers_build(builds: MotoBuilds) -> None:
    """The runner is the guardrails', not the caller's."""
    builds.start("runner")
    task = builds.take()
    with pytest.raises(AssertionError, match="Builds on CodeBuild publish nothing here"):
        task.begin(new_secret(), build="orchestrator-build:1")
    task.fail()
