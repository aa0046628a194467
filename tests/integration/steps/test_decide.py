"""A decision counts once and reaches its promotion, wherever Decide is killed."""

from collections.abc import Iterator
from typing import Literal

import pytest
from moto import mock_aws

from orchestrator.steps.contract import Status, StepResult
from orchestrator.steps.gate_input import DecideInput
from tests.integration.steps.played_promotions import PlayedPromotions
from tests.integration.steps.played_world import KilledError, Run


@pytest.fixture
def played() -> Iterator[PlayedPromotions]:
    """A promotion that waits for a decision on prod."""
    with mock_aws():
        made = PlayedPromotions()
        made.start(by_hand=True, later=1)
        made.go_on(made.world.runs[0], well=True)
        yield made


def decide(played: PlayedPromotions, gate: str, decision: str = "approve") -> StepResult:
    """Call Decide in an execution of the gate, on the oldest promotion's release."""
    given = {"release": played.world.runs[0].release.version, "decision": decision, "plan": played.shown()}
    where = {"unit": "clock", "environment": "prod", "gate": gate, "started_at": played.now}
    return played.decider(DecideInput.model_validate({**where, "decision": given}))


def killed(played: PlayedPromotions, at: Literal["before", "after"], gate: str = "first") -> Run:
    """Call Decide, which is killed before or after it answers the promotion; returns the promotion."""
    played.world.killed = at
    with pytest.raises(KilledError):
        decide(played, gate)
    return played.world.runs[0]


@pytest.mark.parametrize("at", ["before", "after"])
def test_the_same_gate_tried_again_says_what_it_decided(
    played: PlayedPromotions, at: Literal["before", "after"]
) -> None:
    """The promotion goes on, and the decision is known."""
    run = killed(played, at)
    assert decide(played, "first").status is Status.APPROVED
    assert run.at == "deploy"
    (kept,) = played.ledger.approvals.decisions("clock")
    assert (kept.gate, kept.status, kept.decision) == ("first", "APPROVED", "approve")


def test_another_gate_hands_on_what_the_first_one_decided(played: PlayedPromotions) -> None:
    """Who decides the same is told so; both decisions are known."""
    run = killed(played, "before")
    assert decide(played, "second").status is Status.APPROVED
    assert run.approval is not None
    assert run.approval["gate"] == "first"
    assert {one.gate for one in played.ledger.approvals.decisions("clock")} == {"first", "second"}


def test_what_was_decided_stands(played: PlayedPromotions) -> None:
    """Who decides otherwise is refused; the promotion goes on as was decided first, and stays so."""
    run = killed(played, "before")
    refused = decide(played, "second", "reject")
    assert (refused.status, "is approved" in refused.message) == (Status.REFUSED, True)
    assert run.at == "deploy"
    assert {(one.gate, one.decision, one.status) for one in played.ledger.approvals.decisions("clock")} == {
        ("first", "approve", "APPROVED"),
        ("second", "reject", "REFUSED"),
    }


def test_a_gate_that_was_helped_meanwhile_has_decided(played: PlayedPromotions) -> None:
    """Another one handed its decision on, between its being taken and its being handed on."""
    played.world.meanwhile = lambda: decide(played, "second", "reject")
    assert decide(played, "first").status is Status.APPROVED
    request = played.ledger.approvals.request("clock", "prod")
    assert request is not None
    assert request.status == "APPROVED"


def test_a_decision_on_what_does_not_wait_any_more_is_refused(played: PlayedPromotions) -> None:
    """The promotion was stopped, and no event has told of it; whoever asks again is told the same."""
    played.world.runs[0].status = "ABORTED"
    assert "no longer waits" in decide(played, "first").message
    again = decide(played, "first")
    assert (again.status, "is expired" in again.message) == (Status.REFUSED, True)


def test_a_newer_request_takes_the_place_of_one_that_was_decided_and_not_told(played: PlayedPromotions) -> None:
    """The older promotion does not wait for ever."""
    older = killed(played, "before")
    played.start(by_hand=True, later=1)
    played.go_on(played.world.runs[1], well=True)
    assert (older.at, older.status) == ("over", "SUCCEEDED")
    assert older.approval is not None
    assert older.approval["status"] == "SUPERSEDED"
