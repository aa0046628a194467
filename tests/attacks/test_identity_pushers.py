"""Attacks by pushers: commits under somebody else's name are pushed, and then approved by whoever pushed them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import pytest

from orchestrator.aws.merge_event import put_push
from orchestrator.config.infrastructure import DEAD_LETTERS
from orchestrator.ledger.pushes import NotedPush
from orchestrator.source.github.delivery import Expected
from orchestrator.steps.webhook import Webhook, WebhookRequest
from tests.attacks.approvals import ADA, BEN, CARL, NUMBERS, approve, ask, commit, counts, deployed
from tests.github.deliveries import SECRET, push, request
from tests.merges import organize, project, write
from tests.moto_accounts import REGION, TOOLING
from tests.moto_company import MotoCompany, moto_company

Deliver = Callable[[dict[str, Any]], None]
SIGN_ON = f"arn:aws:sts::{TOOLING}:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ada@example.com"
ORGANIZATION = f"""
[tooling]
account = "{TOOLING}"
region = "{REGION}"

[people]
"ada@example.com" = ["{ADA}", "{SIGN_ON}"]
"github:Ada-L" = ["{ADA}"]
"ben@example.com" = ["{BEN}"]
"test@example.com" = []

[[environments]]
name = "prod"
account = "555555555555"
region = "{REGION}"
requires_approval = true
excluded_approvers = ["author"]
approvers = ["arn:aws:iam::*:user/*"]
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in which authors do not approve prod, and in which Test is a machine."""
    folder = tmp_path_factory.mktemp("company")
    with moto_company(folder, environments=("prod",), execute=False) as made:
        organize(made, ORGANIZATION)
        for unit in ("clock", "calendar"):
            write(made, f"projects/{unit}/pyproject.toml", project(unit))
        made.commit("Add two units")
        yield made


@pytest.fixture
def base(company: MotoCompany) -> str:
    """Let prod run what there is, which Dan pushed; returns the commit."""
    before, head = company.repository.head, company.change(f"Begin {next(NUMBERS)}")
    merge(company, codecommit(before, head, f"arn:aws:iam::{TOOLING}:user/dan"))
    deployed(company, company.publish(f"0.{next(NUMBERS)}.0"))
    return head


def codecommit(before: str | None, after: str, who: str) -> dict[str, Any]:
    """An event as CodeCommit puts it."""
    detail = {
        "event": "referenceUpdated" if before else "referenceCreated",
        "repositoryName": "shop",
        "referenceType": "branch",
        "referenceName": "main",
        "commitId": after,
        "callerUserArn": who,
        **({"oldCommitId": before} if before else {}),
    }
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kind = "CodeCommit Repository State Change"
    return {"source": "aws.codecommit", "detail-type": kind, "time": at, "detail": detail}


def merge(company: MotoCompany, event: dict[str, Any]) -> Any:
    """Have `on_merge` act on an event."""
    return company.call("on_merge", event)


def refused(company: MotoCompany, asked: tuple[str, str], who: str) -> str:
    """Approve as somebody; returns why that does not count."""
    status, message = approve(company, asked, who)
    assert status == "REFUSED", message
    return message


def noted(company: MotoCompany, unit: str = "clock") -> list[NotedPush]:
    """All pushes that touched a unit."""
    return company.ledger.pushes.of([unit])


def test_who_pushes_commits_under_another_name_does_not_approve_them(company: MotoCompany, base: str) -> None:
    """Ben is judged by what the commits say, as before; only Carl has nothing to do with the change."""
    merge(company, codecommit(base, commit(company, "projects/clock/notes.txt", "Ben", committer="Ben"), ADA))
    asked = ask(company)
    assert f"pushed a part of the change ({ADA}): somebody else must decide." in refused(company, asked, ADA)
    assert "wrote a part of the change (Ben <ben@example.com>)" in refused(company, asked, BEN)
    assert counts(approve(company, asked, CARL))


def test_approvers_see_who_pushed(company: MotoCompany, base: str) -> None:
    """Apart from what git says."""
    merge(company, codecommit(base, commit(company, "projects/clock/notes.txt", "Ben"), ADA))
    notifications = company.listen("approvals_topic")
    ask(company)
    (message,) = company.read(notifications)
    assert f"Pushed by: {ADA}\n" in message["Message"]


def test_who_pushes_as_another_principal_does_not_approve(company: MotoCompany, base: str) -> None:
    """A session of Identity Center and a user are one person, as [people] says."""
    merge(company, codecommit(base, commit(company, "projects/clock/notes.txt", "Ben"), SIGN_ON))
    assert f"pushed a part of the change ({SIGN_ON})" in refused(company, ask(company), ADA)


def test_two_pushes_that_one_look_sees_have_a_person_each(company: MotoCompany, base: str) -> None:
    """The branch has moved on before the first event arrives, and is in order when the second does."""
    first = commit(company, "projects/clock/notes.txt", "Test")
    second = commit(company, "projects/clock/more.txt", "Test")
    merge(company, codecommit(base, first, ADA))
    assert company.deliver_starts() == []
    merge(company, codecommit(first, second, BEN))
    asked = ask(company)
    assert ADA in refused(company, asked, ADA)
    assert BEN in refused(company, asked, BEN)
    assert counts(approve(company, asked, CARL))


def test_who_pushed_another_unit_alone_may_approve(company: MotoCompany, base: str) -> None:
    """Also where the first push has somebody else behind it."""
    first = commit(company, "projects/clock/notes.txt", "Test")
    merge(company, codecommit(base, first, BEN))
    merge(company, codecommit(first, commit(company, "projects/calendar/notes.txt", "Test"), ADA))
    asked = ask(company)
    assert BEN in refused(company, asked, BEN)
    assert counts(approve(company, asked, ADA))


def test_who_pushed_what_runs_already_may_approve_what_comes_next(company: MotoCompany, base: str) -> None:
    """Until the next push of that person."""
    first = commit(company, "projects/clock/notes.txt", "Test")
    merge(company, codecommit(base, first, ADA))
    deployed(company, company.publish(f"0.{next(NUMBERS)}.0"))
    merge(company, codecommit(first, commit(company, "projects/clock/more.txt", "Test"), BEN))
    asked = ask(company)
    assert BEN in refused(company, asked, BEN)
    assert counts(approve(company, asked, ADA))


def test_who_pushes_while_the_unit_is_broken_is_not_forgotten(company: MotoCompany, base: str) -> None:
    """No digest tells what a unit is that cannot be read: each push counts then."""
    settings = "projects/clock/pyproject.toml"
    write(company, settings, "[project\n")
    broken = company.commit("Break the clock")
    merge(company, codecommit(base, broken, CARL))
    still = commit(company, "projects/clock/notes.txt", "Test")
    merge(company, codecommit(broken, still, ADA))
    write(company, settings, project("clock"))
    merge(company, codecommit(still, company.commit("Mend the clock"), BEN))
    asked = ask(company)
    assert all(who in refused(company, asked, who) for who in (ADA, BEN, CARL))


@pytest.fixture
def webhook(company: MotoCompany) -> Iterator[Deliver]:
    """The webhook of a repository on GitHub; what it puts on the bus ends in a queue."""
    session: boto3.Session = company.wiring.session
    client, name = session.client("events"), f"pushes-{next(NUMBERS)}"
    queue = company.sqs.create_queue(QueueName=name)["QueueUrl"]
    client.put_rule(Name=name, EventPattern=json.dumps({"source": ["orchestrator"], "detail-type": ["Push"]}))
    client.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{TOOLING}:{name}"}])
    expected = Expected("acme/shop", 1296269, "main")
    now = datetime.now(UTC).timestamp
    made = Webhook(lambda: [SECRET.encode()], expected, company.ledger.deliveries, partial(put_push, client), now)

    def deliver(payload: dict[str, Any]) -> None:
        delivery = request(push(datetime.now(UTC).timestamp(), **payload))
        assert made(WebhookRequest.model_validate(delivery)).status == 202
        for event in company.read(queue):
            merge(company, event)

    yield deliver
    client.remove_targets(Rule=name, Ids=["1"])
    client.delete_rule(Name=name)


def test_who_pushes_to_github_does_not_approve(company: MotoCompany, base: str, webhook: Deliver) -> None:
    """From the signed delivery to the decision: [people] says which principal a login is, in small or large letters."""
    head = commit(company, "projects/clock/notes.txt", "Ben")
    webhook({"before": base, "after": head, "pusher": {"name": "ada-L"}})
    asked = ask(company)
    assert "pushed a part of the change (github:ada-L)" in refused(company, asked, ADA)
    assert "wrote a part of the change (Ben" in refused(company, asked, BEN)
    assert counts(approve(company, asked, CARL))


def test_a_login_that_is_not_mapped_costs_one_approval_more(company: MotoCompany, base: str, webhook: Deliver) -> None:
    """It may be anybody's, as may be what is no login at all."""
    head = commit(company, "projects/clock/notes.txt", "Test")
    webhook({"before": base, "after": head, "pusher": {"name": "\x1b[2J\u202e <ben@example.com>"}})
    asked = ask(company)
    status, message = approve(company, asked, BEN)
    assert (status, "1 of 2 approvals" in message, "[people] does not name github:" in message) == (
        "COUNTED",
        True,
        True,
    )
    assert message.isprintable()
    assert counts(approve(company, asked, CARL))


def test_a_login_that_is_not_mapped_is_the_user_of_that_name(company: MotoCompany, base: str, webhook: Deliver) -> None:
    """As an address is that nobody has mapped."""
    head = commit(company, "projects/clock/notes.txt", "Test")
    webhook({"before": base, "after": head, "pusher": {"name": "Carl"}})
    assert "pushed a part of the change (github:Carl)" in refused(company, ask(company), CARL)


def test_a_push_whose_beginning_nobody_knows_counts_for_all_units(company: MotoCompany) -> None:
    """As after a forced push, or where the branch is new."""
    head = commit(company, "projects/calendar/notes.txt", "Test")
    for before in ("0" * 39 + "1", None):
        merge(company, codecommit(before, head, ADA))
        assert ADA in refused(company, ask(company), ADA)


def test_people_may_not_say_who_pushed(company: MotoCompany) -> None:
    """The event that people and CI may put is refused with a sentence as soon as it names somebody."""
    before, head = noted(company), commit(company, "projects/clock/notes.txt", "Test")
    for event in (
        {"source": "orchestrator", "detail-type": "Merge"},
        {"source": "orchestrator.other", "detail-type": "Push"},
    ):
        detail = {"branch": "main", "commit": head, "pushed_by": BEN}
        (problem,) = merge(company, {**event, "detail": detail})["problems"]
        assert "This is not a merge event" in problem
        assert "pushed_by" in problem
        company.read(DEAD_LETTERS)
    assert noted(company) == before


def test_a_push_that_is_made_up_badly_is_refused(company: MotoCompany) -> None:
    """Entirely, with a sentence, and it is put aside."""
    before, head = noted(company), company.repository.head
    detail = {"branch": "main", "commit": head, "before": "main", "pushed_by": "x" * 10_000}
    event = {"source": "orchestrator", "detail-type": "Push", "detail": detail}
    (problem,) = merge(company, event)["problems"]
    assert all(f"{key}" in problem for key in ("This is not a merge event", "before", "pushed_by"))
    (letter,) = company.read(DEAD_LETTERS)
    assert letter["event"] == event
    assert noted(company) == before


def test_a_push_that_the_branch_does_not_contain_is_not_noted(company: MotoCompany) -> None:
    """It fails, so that it comes again: the host may be slow to show it. Everything else is done nevertheless."""
    git, before, base = company.repository, noted(company), company.repository.head
    git("checkout", "--quiet", "-b", "side")
    elsewhere = commit(company, "projects/clock/notes.txt", "Ben")
    git("checkout", "--quiet", "main")
    commit(company, "projects/clock/more.txt", "Test")
    looks = company.ledger.branches.begin("main")
    for forged in (elsewhere, "f" * 40):
        with pytest.raises(AssertionError, match=f"The push of {forged} by {CARL} is not noted: main does not contain"):
            merge(company, codecommit(base, forged, CARL))
    git("branch", "--quiet", "-D", "side")
    assert company.ledger.branches.begin("main") > looks + 1
    assert noted(company) == before


def test_an_arn_that_nobody_has_adds_an_approval_at_most(company: MotoCompany, base: str) -> None:
    """No function breaks on it, and nobody is let in or kept out for good."""
    head = commit(company, "projects/clock/notes.txt", "Test")
    for garbage in ("arn:aws:iam::1:user/", "arn:" * 5000, "\x00\x1b", "not even that", f"{BEN}\n"):
        merge(company, codecommit(base, head, garbage))
    asked = ask(company)
    assert approve(company, asked, BEN)[0] == "COUNTED"
    assert counts(approve(company, asked, CARL))


def test_what_is_told_again_is_noted_once_and_what_is_made_up_hides_nobody(company: MotoCompany) -> None:
    """An item is one of a time, a commit and a person: nobody's can be written over by somebody else's."""
    base, head = company.repository.head, commit(company, "projects/clock/notes.txt", "Test")
    event = codecommit(base, head, ADA)
    merge(company, event)
    merge(company, event)
    merge(company, {**event, "detail": {**event["detail"], "callerUserArn": CARL}})
    merge(company, {**event, "detail": {**event["detail"], "oldCommitId": head}})
    assert [one.pushed_by for one in noted(company) if one.commit == head] == [ADA, CARL]
