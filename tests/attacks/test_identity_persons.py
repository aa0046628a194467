"""Attacks with names that the caller chooses, and with accounts that nobody named."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from orchestrator.steps.contract import Status
from tests.attacks.gate import PROMOTION, SINGLE_SIGN_ON, TOOLING, Gate, session, user

MANAGERS = f"arn:aws:iam::{TOOLING}:role/release-manager"


@pytest.fixture(autouse=True)
def _moto() -> Iterator[None]:
    with mock_aws():
        yield


def test_one_role_does_not_approve_twice_under_two_session_names() -> None:
    """Whoever may assume the role would be as many approvers as needed."""
    gate = Gate(approvers=[MANAGERS], required_approvals=2)
    gate.wait()
    assert gate.decide(session("release-manager", "alice")).status is Status.COUNTED
    second = gate.decide(session("release-manager", "bob"))
    assert second.status is Status.REFUSED
    assert "somebody else must approve" in second.message
    assert gate.stepfunctions.answers == []


def test_two_users_of_single_sign_on_are_two_persons() -> None:
    """Their sessions are named by IAM Identity Center."""
    gate = Gate(approvers=[f"arn:aws:iam::{TOOLING}:role/AWSReservedSSO_Release_*"], required_approvals=2)
    gate.wait()
    assert gate.decide(f"{SINGLE_SIGN_ON}/ada@example.com").status is Status.COUNTED
    assert gate.decide(f"{SINGLE_SIGN_ON}/ada@example.com").status is Status.REFUSED
    assert gate.decide(f"{SINGLE_SIGN_ON}/ben@example.com").status is Status.APPROVED


def test_one_person_does_not_approve_twice_as_a_user_and_with_a_role() -> None:
    """Where `[people]` says whose both are."""
    mapped = {"ada@example.com": [user("ada"), f"{SINGLE_SIGN_ON}/ada@example.com"]}
    gate = Gate(mapped, approvers=["*"], required_approvals=2)
    gate.wait()
    assert gate.decide(user("ada")).status is Status.COUNTED
    assert gate.decide(f"{SINGLE_SIGN_ON}/ada@example.com").status is Status.REFUSED


@pytest.mark.parametrize("pattern", ["*release-alice", "*:assumed-role/*/release-*", "*/release-alice"])
def test_a_session_does_not_become_an_approver_by_its_name(pattern: str) -> None:
    """A developer's session is called like one of a release manager."""
    gate = Gate(approvers=[pattern])
    gate.wait()
    refused = gate.decide(session("developer", "release-alice"))
    assert (refused.status, "is not among the approvers" in refused.message) == (Status.REFUSED, True)


def test_a_principal_of_another_account_does_not_decide() -> None:
    """Also where no approvers are named: anybody has an AWS account."""
    gate = Gate()
    gate.wait()
    refused = gate.decide("arn:aws:iam::999999999999:user/mallory")
    assert refused.status is Status.REFUSED
    assert f"only principals of {TOOLING} may decide" in refused.message
    assert gate.decide("arn:aws-cn:iam::999999999999:root").status is Status.REFUSED
    assert gate.decide(user("alice")).status is Status.APPROVED


def test_an_account_that_is_named_decides_instead() -> None:
    """Such as that of the people, which is another one than the tooling's."""
    gate = Gate(approver_accounts=["9" * 12])
    gate.wait()
    assert gate.decide(user("alice")).status is Status.REFUSED
    assert gate.decide(f"arn:aws:iam::{'9' * 12}:user/alice").status is Status.APPROVED


@pytest.mark.parametrize(
    "who",
    [
        f"arn:aws:sts::{TOOLING}:federated-user/release-alice",
        f"arn:aws:sts::{TOOLING}:assumed-role/release-manager/team/alice",
        f"arn:aws:iam::{TOOLING}:role/release-manager",
        f"arn:aws:iam::{TOOLING}:user/alice\n",
        f"arn:evil:iam::{TOOLING}:user/alice",
        "alice",
    ],
)
def test_what_identifies_nobody_does_not_decide(who: str) -> None:
    """Not even where everybody may."""
    gate = Gate(approvers=["*"])
    gate.wait()
    refused = gate.decide(who)
    assert refused.status is Status.REFUSED
    assert "does not identify a person" in refused.message


def test_who_started_it_does_not_approve_under_another_session_name() -> None:
    """The role is the person."""
    gate = Gate(approvers=["*"], excluded_approvers=["starter"])
    gate.wait()
    gate.started(PROMOTION, session("release-manager", "alice"))
    refused = gate.decide(session("release-manager", "bob"))
    assert (refused.status, "started the promotion" in refused.message) == (Status.REFUSED, True)
    assert gate.decide(user("carol")).status is Status.APPROVED
