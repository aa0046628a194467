"""A member's own gate: a train's decision counts there only as far as the ledger agrees."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto import mock_aws

from orchestrator.decisions.document import Entry, bound_to, train_subject
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.trains import Train
from orchestrator.steps.gate_input import DecideInput
from orchestrator.steps.request_approval import RequestApprovalInput
from tests.integration.steps.played_promotions import BEGIN, PROD, PlayedPromotions

TRAIN = "arn:aws:states:eu-west-1:111111111111:execution:orchestrator-train:both"


@pytest.fixture
def played() -> Iterator[PlayedPromotions]:
    """A promotion that moves a member of a train, before the gate of prod."""
    with mock_aws():
        made = PlayedPromotions()
        made.start(by_hand=True, later=1)
        yield made


def ask(
    played: PlayedPromotions, *, admitted: bool, ended: bool, now: int = 1, **differing: Any
) -> dict[str, Any] | None:
    """Decide on a train, then ask for approval of its member; returns what that was answered.

    Args:
        played: the promotion.
        admitted: whether the train has noted that this execution moves a member.
        ended: whether the train has ended.
        now: how many approvals prod asks for after the decision.
        differing: what of the member's part in the decision is not as it is now.
    """
    (run,) = played.world.runs
    name = differing.pop("execution", "both-prod")
    where = run.execution.id.removesuffix(run.execution.name)
    run.execution = run.execution.model_copy(update={"id": f"{where}{name}", "name": name})
    plan = played.world.keep(run, PROD, None)
    trains = played.ledger.trains
    trains.begin(Train(name="both", execution=TRAIN, started_at=BEGIN, members=("clock",)))
    if admitted:
        trains.admit("both", "clock", run.execution.id, {})
    known = {"manifest_sha256": run.release.manifest_sha256, "plan_hash": plan["plan_hash"], **differing}
    entry = Entry.model_validate({"unit": "clock", "version": run.release.version, **known})
    digests, plans = bound_to([entry])
    subject = train_subject("both")
    asked_of_train = ApprovalRequest(
        id="r",
        unit=subject,
        environment="prod",
        version="both",
        manifest_sha256=digests,
        plan_hash=plans,
        entries=(entry,),
        execution=TRAIN,
        order="2026",
    )
    played.ledger.approvals.record_request(asked_of_train)
    given = {"train": "both", "plan": plans, "decision": "approve"}
    gate_of_trains = {"environment": "prod", "gate": "g", "started_at": played.now, "decision": given}
    played.decider(DecideInput.model_validate(gate_of_trains))
    run.at, run.request = "asked", run.request.model_copy(update={"train": "both"})
    gate = "arn:aws:states:eu-west-1:1:stateMachine:g"
    asked = {"plan": plan, "gate_arn": gate, "token": f"token-{run.execution.name}"}
    stricter = PROD.model_copy(update={"required_approvals": now})
    step = RequestApprovalInput.model_validate({**played.input_of(run), **asked, "environment": stricter})
    replace(played.ask_for, is_alive=lambda _: not ended)(step)
    return run.approval


def test_what_was_decided_on_with_the_train_is_not_asked_for_again(played: PlayedPromotions) -> None:
    """Just this release and this plan, while the train runs."""
    answer = ask(played, admitted=True, ended=False)
    assert answer is not None
    assert (answer["status"], "with the train both" in answer["message"]) == ("APPROVED", True)


@pytest.mark.parametrize(
    ("admitted", "ended", "differing"),
    [
        (True, False, {"plan_hash": "another plan"}),
        (True, False, {"manifest_sha256": "another release"}),
        (True, False, {"execution": "by-hand"}),
        (True, False, {"now": 2}),
        (False, False, {}),
        (True, True, {}),
    ],
)
def test_anything_else_asks_people(
    played: PlayedPromotions,
    admitted: bool,  # noqa: FBT001  # A case.
    ended: bool,  # noqa: FBT001  # A case.
    differing: dict[str, Any],
) -> None:
    """As without a train; also where an execution only says that it moves a member, and once the train has ended.

    Where more people must approve by now, Deploy does not take the train's decision: it would plan again for ever.
    """
    assert ask(played, admitted=admitted, ended=ended, **differing) is None
    request = played.ledger.approvals.request("clock", "prod")
    assert request is not None
    assert request.status == "PENDING"
