"""Approvals with proven identities on the embedded cloud: a user and a role, each signing for one decision."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume
from orchestrator.identity.proof import sign
from orchestrator.steps.gate_input import GateInput, decision_of
from tests.end_to_end.company import Company
from tests.end_to_end.shared import Shared
from tests.waiting import until


@pytest.fixture(scope="module")
def company(installation: Shared) -> Iterator[Company]:
    """A company in which two release managers must approve prod."""
    with installation.company("hourglass") as made:
        before = (made.folder / "orchestrator.toml").read_text()
        ask_for_two(made)
        yield made
        # The modules that come after this one share its guardrails.
        made.organize(before)


def ask_for_two(made: Company) -> None:
    """Let two of three approve prod: a release manager, whoever that is, and two users."""
    tooling = made.organization.tooling.account
    patterns = f'"arn:aws:iam::{tooling}:role/release-*", "arn:aws:iam::{tooling}:user/release-*"'
    policy = f"approvers = [{patterns}]\nrequired_approvals = 2\n"
    made.organize((made.folder / "orchestrator.toml").read_text() + policy)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{tooling}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = made.tooling.client("iam", config=CLIENT)
    iam.create_role(RoleName="release-manager", AssumeRolePolicyDocument=document)
    for name in ("release-alice", "mallory"):
        iam.create_user(UserName=name)


def as_user(company: Company, name: str) -> boto3.Session:
    """A session of a user."""
    key = company.tooling.client("iam", config=CLIENT).create_access_key(UserName=name)["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=company.tooling.region_name)


def as_manager(company: Company, name: str) -> boto3.Session:
    """A session of the release managers' role, under a name that the caller chooses."""
    arn = company.organization.tooling_role_arn("release-manager")
    assume = Assumer(company.tooling.client("sts", config=CLIENT), company.new_session)
    return assume(RoleToAssume(arn, name), company.organization.tooling.region)


def proven(company: Company, session: boto3.Session, decision: dict[str, str]) -> dict[str, Any]:
    """A decision, signed by somebody."""
    credentials = session.get_credentials()
    assert credentials is not None
    signed = decision_of(company.unit, "prod", GateInput.model_validate(decision))
    return {**decision, "proof": sign(credentials, company.tooling.client("sts", config=CLIENT), signed)}


def test_two_persons_approve_and_nobody_else(company: Company) -> None:
    """Each proof counts once, for the decision it was made for; the ledger knows who it was."""
    execution = company.merge(company.commit("Add the clock"))
    version = until(lambda: company.waits(execution))
    decision = {"release": version, "decision": "approve", "plan": company.plan(), "reason": "tested"}
    mallory = as_user(company, "mallory")

    stranger = company.start_gate(proven(company, mallory, decision))
    assert "is not among the approvers" in stranger["cause"]

    alice = proven(company, as_user(company, "release-alice"), decision)
    changed = company.start_gate({**alice, "reason": "not what Alice signed"})
    assert "signed for another decision" in changed["cause"]
    assert company.start_gate(alice)["status"] == "SUCCEEDED"
    replayed = company.start_gate(alice)
    assert "was used before" in replayed["cause"]
    twice = company.start_gate(proven(company, as_user(company, "release-alice"), decision))
    assert "has approved" in twice["cause"]

    assert company.start_gate(proven(company, as_manager(company, "bob"), decision))["status"] == "SUCCEEDED"
    assert company.follow(execution).status == "SUCCEEDED"
    assert company.ask("prod")["version"] == version
    kept = [(one.status, one.identity.rsplit("/", 1)[-1]) for one in company.ledger.approvals.decisions(company.unit)]
    assert kept == [
        ("APPROVED", "bob"),
        ("REFUSED", "release-alice"),
        ("REFUSED", ""),
        ("COUNTED", "release-alice"),
        ("REFUSED", ""),
        ("REFUSED", "mallory"),
    ]
    late = company.start_gate(proven(company, mallory, decision))
    assert "is waiting. The last one" in late["cause"]
    last = company.ledger.approvals.decisions(company.unit)[0]
    assert (last.status, last.identity.rsplit("/", 1)[-1], last.evidence) == ("REFUSED", "mallory", "proof")
