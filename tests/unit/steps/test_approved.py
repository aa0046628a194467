"""Which decisions let a release in: those on just that, made for this promotion or by its train."""

from typing import Any

import pytest

from orchestrator.config.environment import Environment
from orchestrator.decisions.document import Approval, Decision, Kept, train_subject
from orchestrator.decisions.records import DecisionRecords
from orchestrator.steps.approved import entry_of, lets_in, refuse_unapproved
from orchestrator.steps.contract import ApprovalResult, Execution, Release, Request, Status, StepInput

PROD = Environment.model_validate(
    {"name": "prod", "account": "5" * 12, "region": "eu-west-1", "requires_approval": True, "required_approvals": 2}
)
RELEASE = Release(unit="orders", version="1.0", digest="d", commit="c", manifest="m", manifest_sha256="sha")
ENTRY = entry_of(RELEASE, "plan")
APPROVALS = tuple(Approval(identity=who, evidence="proof", gate=f"arn:{who}", at="2026") for who in ("alice", "bob"))
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


class Bucket(DecisionRecords):
    """A bucket that holds one decision."""

    def __init__(self, decision: Decision | None) -> None:
        self._decision = decision

    def read(self, kept: Kept) -> Decision | None:
        """Read it, wherever it is looked for."""
        return self._decision if kept.key else None


def step(name: str = "run", train: str | None = None) -> StepInput:
    """A promotion."""
    return StepInput(
        release=RELEASE,
        environment=PROD,
        stack_name="app-orders",
        execution=Execution(id=f"arn:{name}", name=name, started_at="2026-01-01T00:00:00Z"),
        request=Request(version="1.0", train=train),
    )


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
    ],
)
def test_who_is_not_let_in_is_planned_again(decision: Decision | None, where: str, said: str) -> None:
    """With a sentence; an approval that was enough when it was made may not be enough now."""
    answer = ApprovalResult(status=Status.APPROVED, message="", decision=Kept(key=where, version_id="v"))
    refused = refuse_unapproved(Bucket(decision), step(), "plan", answer)
    assert refused is not None
    assert refused.status is Status.NOT_APPROVED
    assert said in refused.message


def test_an_answer_that_points_nowhere_lets_nobody_in() -> None:
    """Nor does none at all."""
    nowhere = ApprovalResult(status=Status.APPROVED, message="approved")
    for answer in (None, nowhere):
        assert refuse_unapproved(Bucket(GOOD), step(), "plan", answer) is not None
    kept = nowhere.model_copy(update={"decision": Kept(key="key", version_id="v")})
    assert refuse_unapproved(Bucket(GOOD), step(), "plan", kept) is None
