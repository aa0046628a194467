"""Which decisions let a release in: those on just that, made for this promotion or by its train."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.config.organization import Organization
from orchestrator.decisions.document import Approval, Decision, Kept, train_subject
from orchestrator.decisions.records import DecisionRecords
from orchestrator.identity.policy import ApprovalPolicy, Authors
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.approved import Approvals, entry_of, lets_in
from orchestrator.steps.contract import ApprovalResult, Execution, Release, Request, Status, StepInput
from tests.ledger_table import make_ledger_table
from tests.recorded import recorded

TOOLING = "1" * 12
USERS = f"arn:aws:iam::{TOOLING}:user"
ALICE, BOB = f"{USERS}/alice", f"{USERS}/bob"
RELEASE = Release(unit="orders", version="1.0", digest="d", commit="c", manifest="m", manifest_sha256="sha")
ENTRY = entry_of(RELEASE, "plan")
APPROVALS = tuple(Approval(identity=who, evidence="proof", gate=f"arn:{who}", at="2026") for who in (ALICE, BOB))
GOOD = Decision(
    unit="orders",
    environment="prod",
    version="1.0",
    request="r",
    execution="arn:run",
    decision="approve",
    status="APPROVED",
    settles=True,
    message="approved",
    gate="arn:bob",
    decided_at="2026",
    entries=(ENTRY,),
    approvals=APPROVALS,
)
OF_TRAIN = {"unit": train_subject("both"), "execution": "arn:train"}


POINTER = ApprovalResult(status=Status.APPROVED, message="", decision=Kept(key="key", version_id="v"))


def company(people: dict[str, list[str]] | None = None, **prod: Any) -> Organization:
    """What is recorded by now: two people must approve prod, if it does not say otherwise."""
    rules = {"requires_approval": True, "required_approvals": 2, "approvers": [f"{USERS}/*"], **prod}
    document = {
        "tooling": {"account": TOOLING, "region": "eu-west-1"},
        "environments": [{"name": "prod", "account": "5" * 12, "region": "eu-west-1", **rules}],
        "people": people or {},
    }
    return Organization.model_validate(document)


def step(name: str = "run", train: str | None = None, organization: Organization | None = None) -> StepInput:
    """A promotion."""
    return StepInput(
        release=RELEASE,
        environment=(organization or company()).environment("prod"),
        stack_name="app-orders",
        execution=Execution(id=f"arn:{name}", name=name, started_at="2026-01-01T00:00:00Z"),
        request=Request(version="1.0", train=train),
    )


class Bucket(DecisionRecords):
    """A bucket that holds one decision."""

    def __init__(self, decision: Decision | None) -> None:
        self._decision = decision

    def read(self, kept: Kept) -> Decision | None:
        """Read it, wherever it is looked for."""
        return self._decision if kept.key else None


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """An empty ledger: nothing was started by a merge."""
    with mock_aws():
        yield Ledger(
            make_ledger_table(boto3.Session(region_name="eu-west-1")), lambda: datetime(2026, 1, 1, tzinfo=UTC)
        )


Refusal = Callable[..., str]


@pytest.fixture
def refusal(ledger: Ledger) -> Refusal:
    """Judges a decision as Deploy does; the message, empty where the release is let in."""

    def judge(
        decision: Decision | None,
        organization: Organization | None = None,
        answer: ApprovalResult | None = POINTER,
        authors: Authors | None = None,
        **promotion: Any,
    ) -> str:
        known = organization or company()
        approvals = Approvals(
            ledger, Bucket(decision), lambda: recorded(known), lambda _: authors or Authors(complete=True)
        )
        refused = approvals.refusal(step(**promotion, organization=known), "plan", answer)
        assert refused is None or refused.status is Status.NOT_APPROVED
        return refused.message if refused else ""

    return judge


def test_a_decision_on_just_that_lets_it_in() -> None:
    """Made for this promotion, or by the train that moves it."""
    assert lets_in(GOOD, step(), ENTRY) == ""
    assert lets_in(GOOD.model_copy(update=OF_TRAIN), step("both-prod", "both"), ENTRY) == ""


@pytest.mark.parametrize(
    ("differing", "said"),
    [
        ({"environment": "test"}, "not one for prod"),
        ({"settles": False}, "not one for prod"),
        ({"status": "REJECTED"}, "it was rejected"),
        ({"status": "COUNTED"}, "it was counted"),
        ({"execution": "arn:other"}, "for another promotion"),
        ({"unit": "invoices"}, "for another promotion"),
        ({"entries": ()}, "not on this release and this plan"),
        *(
            ({"entries": (ENTRY.model_copy(update={name: "other"}),)}, "not on this release and this plan")
            for name in ("unit", "version", "manifest_sha256", "plan_hash")
        ),
        (OF_TRAIN, "not the promotion that the train both starts"),
    ],
)
def test_any_other_decision_does_not(differing: dict[str, Any], said: str) -> None:
    """Each differs in one thing."""
    assert said in lets_in(GOOD.model_copy(update=differing), step(), ENTRY)


@pytest.mark.parametrize(("name", "train"), [("by-hand", "both"), ("both-prod", None), ("both-prod", "other")])
def test_a_train_lets_in_the_promotion_that_it_starts(name: str, train: str | None) -> None:
    """Under the name that it gives, and known as its member's."""
    assert lets_in(GOOD.model_copy(update=OF_TRAIN), step(name, train), ENTRY)


@pytest.mark.parametrize(
    ("decision", "where", "said"),
    [
        (None, "key", "no decision was made on it"),
        (GOOD, "", "no decision was made on it"),
        (GOOD.model_copy(update={"approvals": APPROVALS[:1]}), "key", "it has 1 of the 2 approvals"),
        (GOOD.model_copy(update={"approvals": (APPROVALS[0], APPROVALS[0])}), "key", "it has 1 of the 2 approvals"),
    ],
)
def test_who_is_not_let_in_is_planned_again(refusal: Refusal, decision: Decision | None, where: str, said: str) -> None:
    """With a sentence; an approval that was enough when it was made may not be enough now."""
    message = refusal(decision, answer=POINTER.model_copy(update={"decision": Kept(key=where, version_id="v")}))
    assert said in message
    assert message.endswith("It is planned again.")


def test_an_answer_that_points_nowhere_lets_nobody_in(refusal: Refusal) -> None:
    """Nor does none at all."""
    for answer in (None, POINTER.model_copy(update={"decision": None})):
        assert refusal(GOOD, answer=answer)
    assert refusal(GOOD) == ""


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"approvers": [ALICE]}, f"{BOB} is not among the approvers: {ALICE}"),
        ({"approver_accounts": ["9" * 12]}, "only principals of 999999999999 may decide"),
        ({"people": {"al@example.com": [ALICE, BOB]}}, "it has 1 of the 2 approvals that are asked for now."),
        ({"required_approvals": 3}, "it has 2 of the 3 approvals"),
        ({"excluded_approvers": ["author"]}, f"{BOB} wrote a part of the change (Bob <bob@example.com>)"),
        ({"excluded_approvers": ["starter"]}, "its starter may not decide, and nobody asked then who that is"),
    ],
)
def test_everybody_who_approved_is_judged_by_the_rules_of_today(
    refusal: Refusal, now: dict[str, Any], said: str
) -> None:
    """Somebody was taken off the list, excluded, or turned out to be another one of them, after the decision."""
    written = Authors(("Bob <bob@example.com>",), complete=True)
    mapped = {"people": {"bob@example.com": [BOB]}}
    assert refusal(GOOD, company(**mapped), authors=written) == ""
    assert said in refusal(GOOD, company(**{**mapped, **now}), authors=written)


def test_an_author_whom_nobody_maps_takes_one_more(refusal: Refusal) -> None:
    """As when people decide."""
    strict = company(excluded_approvers=["author"])
    assert "it has 2 of the 3 approvals" in refusal(GOOD, strict, authors=Authors(("Eve <e@x>",), complete=True))
    assert "it has 2 of the 3 approvals" in refusal(GOOD, strict, authors=Authors())
    assert refusal(GOOD, strict, authors=Authors(complete=True)) == ""


def test_a_starter_who_was_kept_out_then_or_a_merge_needs_no_new_decision(refusal: Refusal, ledger: Ledger) -> None:
    """Deploy cannot ask CloudTrail: what the decision was judged by counts, and what the ledger says of merges."""
    strict = company(excluded_approvers=["starter"])
    judged = GOOD.model_copy(update={"policy": ApprovalPolicy(excluded=("starter",))})
    assert refusal(judged, strict) == ""
    joined = judged.model_copy(update={"policy": ApprovalPolicy(excluded=("starter",), people={"b@x": (BOB,)})})
    assert "its starter may not decide" in refusal(joined, strict)
    ledger.starts.note("orders", "arn:run", {})
    assert refusal(GOOD, strict) == ""


def test_an_approval_of_nobody_counts_where_nobody_is_asked_for(refusal: Refusal) -> None:
    """Where a gate was started by hand, and names did not matter then."""
    nobody = GOOD.model_copy(update={"approvals": (APPROVALS[0].model_copy(update={"identity": ""}),)})
    assert refusal(nobody, company(approvers=[], required_approvals=1)) == ""
    assert "nobody knows who approved" in refusal(nobody, company(required_approvals=1))
