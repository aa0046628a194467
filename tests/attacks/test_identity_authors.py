"""Attacks by authors: whoever wrote a part of a change approves it, because somebody else's commit came last."""

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.ledger.partitions import APPROVALS
from orchestrator.releases import layout
from orchestrator.steps.plan_document import Plan
from tests.attacks.approvals import ADA, BEN, CARL, NUMBERS, approve, ask, commit, counts, deployed
from tests.moto_accounts import TOOLING
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

PEOPLE = {
    "ada@example.com": (
        ADA,
        f"arn:aws:sts::{TOOLING}:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ada@example.com",
    ),
    "ben@example.com": (BEN,),
    "test@example.com": (),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in which authors do not approve prod, and in which Test is a machine."""
    folder = tmp_path_factory.mktemp("company")
    prod = {"excluded_approvers": ["author"], "approvers": ["arn:aws:iam::*:user/*"]}
    with moto_company(folder, environments=("prod",), execute=False, prod=prod, people=PEOPLE) as made:
        yield made


@pytest.fixture(autouse=True)
def _deployed(company: MotoCompany) -> None:
    """Let prod run what there is: whatever a test changes comes after that."""
    company.change(f"Begin {next(NUMBERS)}")
    deployed(company, company.publish(f"0.{next(NUMBERS)}.0"))


def test_who_wrote_the_change_does_not_approve_it_and_others_may(company: MotoCompany) -> None:
    """Ada changed the clock, Ben another unit, both in one push: the last commit is Ben's."""
    commit(company, "projects/clock/notes.txt", "Ada")
    commit(company, "projects/other/notes.txt", "Ben")
    asked = ask(company)
    status, message = approve(company, asked, ADA)
    assert (status, "wrote a part of the change (Ada <ada@example.com>)" in message) == ("REFUSED", True)
    assert counts(approve(company, asked, BEN))


@pytest.mark.parametrize(
    ("message", "committer"),
    [
        ("Change\n\nCo-authored-by: Ada <ADA@example.com>", "Test"),
        ("Change\n\n* one\n\n  co-Authored-By: Ada <ada@example.com>\n\nMore text", "Test"),
        ("Change", "Ada"),
    ],
)
def test_who_wrote_it_with_others_or_committed_it_does_not_approve_it(
    company: MotoCompany, message: str, committer: str
) -> None:
    """Also not where a younger commit of the change is somebody else's."""
    commit(company, "projects/clock/notes.txt", "Ben", message, committer)
    commit(company, "projects/clock/more.txt", "Ben")
    asked = ask(company)
    status, said = approve(company, asked, ADA)
    assert (status, "wrote a part of the change (Ada" in said) == ("REFUSED", True)
    assert counts(approve(company, asked, CARL))


def test_an_author_behind_a_merge_commit_does_not_approve(company: MotoCompany) -> None:
    """Who merged is the author of the merge; who wrote what it brings is not forgotten."""
    git = company.repository
    base = git.head
    git("checkout", "--quiet", "-b", "side")
    commit(company, "projects/clock/side.txt", "Ada")
    git("checkout", "--quiet", "main")
    commit(company, "projects/other/notes.txt", "Ben")
    git("-c", "user.name=Ben", "-c", "user.email=ben@example.com", "merge", "--quiet", "--no-ff", "side", "-m", "M")
    git("branch", "--quiet", "-D", "side")
    assert git.head != base
    asked = ask(company)
    assert approve(company, asked, ADA)[0] == "REFUSED"
    assert counts(approve(company, asked, CARL))


def test_an_author_who_is_not_mapped_costs_one_approval_more(company: MotoCompany) -> None:
    """Eve may be anybody, Ben or Carl among them: one of two is somebody else."""
    commit(company, "projects/clock/notes.txt", "Eve")
    asked = ask(company)
    status, message = approve(company, asked, BEN)
    assert (status, "1 of 2 approvals" in message) == ("COUNTED", True)
    assert approve(company, asked, BEN)[0] == "REFUSED"
    assert counts(approve(company, asked, CARL))


def altered(company: MotoCompany, **values: Any) -> None:
    """Alter what waits in the ledger, as a role may that notes the ends of promotions."""
    table = company.wiring.session.resource("dynamodb").Table(company.wiring.settings["ledger_table"])
    key = {"pk": APPROVALS.key("clock"), "sk": "prod"}
    table.put_item(Item={**table.get_item(Key=key)["Item"], **values})


def test_an_author_who_is_left_out_of_the_request_does_not_approve(company: MotoCompany) -> None:
    """Who wrote the change is read out of the plan that is decided on."""
    commit(company, "projects/clock/notes.txt", "Ada")
    asked = ask(company)
    altered(company, authors=[], authors_complete=True)
    assert approve(company, asked, ADA)[0] == "REFUSED"
    assert counts(approve(company, asked, BEN))


def test_a_plan_without_its_authors_is_not_decided_on(company: MotoCompany) -> None:
    """It has another hash than the one that was shown."""
    commit(company, "projects/clock/notes.txt", "Ada")
    asked = ask(company)
    request = company.ledger.approvals.request("clock", "prod")
    assert request is not None
    key = layout.plan_key("clock", request.execution.rsplit(":", 1)[-1], "prod")
    plan = Plan.model_validate_json(company.wiring.store.get(key))
    company.wiring.store.put(key, plan.model_copy(update={"authors": ()}).model_dump_json().encode())
    status, message = approve(company, asked, ADA)
    assert (status, "is not the plan that was made" in message) == ("REFUSED", True)


def test_going_back_to_what_was_never_here_is_not_nobodys_change(company: MotoCompany) -> None:
    """The commits of a release that was left out are in the history of the one that runs: none of them is new."""
    commit(company, "projects/clock/notes.txt", "Ada")
    between = company.publish(f"1.{next(NUMBERS)}.0")
    commit(company, "projects/clock/notes.txt", "Ben")
    deployed(company, company.publish(f"1.{next(NUMBERS)}.0"))
    steps = Steps(company, between, "prod", f"run-{next(NUMBERS)}")
    plan = steps("plan")
    gate = company.organization.state_machine_arn("clock-approve-prod")
    steps("request_approval", plan=plan, gate_arn=gate, token=f"t0ken-{next(NUMBERS)}")
    status, message = approve(company, (between.version, plan["plan_hash"]), ADA)
    assert (status, "1 of 2 approvals" in message) == ("COUNTED", True)
