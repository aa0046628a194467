"""A release is to reach prod by the approval of somebody who does not see what it does to IAM, to data and to rules."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.moto_company import SOMEBODY, MotoCompany, moto_company
from tests.promotion_steps import Steps

_ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "app-clock-role",
        "AssumeRolePolicyDocument": {
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ]
        },
    },
}
_OPEN: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        **_ROLE["Properties"],
        "AssumeRolePolicyDocument": {
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}
            ]
        },
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        "Policies": [
            {
                "PolicyName": "\x1b[2Kharmless",
                "PolicyDocument": {
                    "Statement": [
                        {"Sid": "x", "Effect": "Allow", "Action": ["s3:*", "\x1b[1A\x1b[2K"], "Resource": "*"},
                        {"Effect": "Allow", "Actions": "*", "Resource": "*"},
                    ]
                },
            }
        ],
    },
}
_TOPIC = {"Type": "AWS::SNS::Topic"}
_TABLE: dict[str, Any] = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    },
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("prod",)) as made:
        yield made


def _plan(company: MotoCompany, steps: Steps) -> dict[str, Any]:
    """Make a plan, and read the whole of it, as `approve` does."""
    result = steps("plan")
    plan: dict[str, Any] = json.loads(company.wiring.store.get(result["key"]))
    return {**plan, "message": result["message"]}


def test_a_role_that_becomes_an_administrators(company: MotoCompany) -> None:
    """Trust, managed policies and statements are told one by one, the first line counts them, and nothing is hidden."""
    before = company.publish("0.1.0", template={"Resources": {"Role": _ROLE, "Data": _TABLE}})
    Steps(company, before, "prod", "first").deployed()
    release = company.publish("0.1.1", template={"Resources": {"Role": _OPEN, "Topic": _TOPIC}})
    steps = Steps(company, release, "prod", "second")
    steps.input["request"] = {"version": "0.1.1", "from": "prod", "skip_gates": True, "reason": "Nothing to see."}
    machine, _, name = steps.execution.id.rpartition(":")
    company.record_start(machine.replace(":execution:", ":stateMachine:"), name, SOMEBODY)
    plan = _plan(company, steps)
    assert "SKIPS GATES" in plan["message"]
    assert "1 with wildcards, 1 not understood." in plan["message"]
    assert "Data at risk: Data." in plan["message"]
    assert plan["circumstances"]["starter"] == SOMEBODY
    told = [(one["action"], one["kind"], one["text"]) for one in plan["targets"][0]["iam"]]
    assert ("add", "statement", 'Allow s3:*, "\\u001b[1A\\u001b[2K" on *') in told
    assert ("add", "not understood", '{"Actions": "*", "Effect": "Allow", "Resource": "*"}') in told
    assert ("add", "managed policy", "arn:aws:iam::aws:policy/AdministratorAccess") in told
    assert ("add", "trust", 'Allow sts:AssumeRole to {"AWS": "arn:aws:iam::999999999999:root"}') in told
    assert ("remove", "trust", 'Allow sts:AssumeRole to {"Service": "lambda.amazonaws.com"}') in told
    assert plan["targets"][0]["iam"] == plan["targets"][1]["iam"]


def test_a_notification_that_many_harmless_lines_would_push_it_out_of(company: MotoCompany) -> None:
    """The approver's message begins with it."""
    queue = company.listen("approvals_topic")
    many = {f"Topic{number:03}": _TOPIC for number in range(100)}
    release = company.publish("0.2.0", template={"Resources": {**many, "Role": _OPEN}})
    steps = Steps(company, release, "prod", "third")
    plan = steps("plan")
    gate = company.organization.state_machine_arn("clock-approve-prod")
    steps("request_approval", plan=plan, gate_arn=gate, token="t" * 200)
    (message,) = company.read(queue)
    lines = message["Message"].splitlines()
    assert "1 with wildcards" in lines[0]
    assert any("IAM: add in Role" in line and "AdministratorAccess" in line for line in lines)
    assert "\x1b" not in message["Message"]
