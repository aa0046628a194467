"""The policy simulator, with answers that the documentation of IAM gives."""

import json
from typing import Any

import pytest

from tests.infra.simulator import Answer, Request, SimulatorError, request_of, simulate
from tests.infra.synthesized import Policies, Policy

_ACCOUNT = "111111111111"
_TABLE = f"arn:aws:dynamodb:eu-west-1:{_ACCOUNT}:table/orchestrator-ledger"
_OBJECT = "arn:aws:s3:::decisions/orders/prod/1.json"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/app-orders"
_MAPPING = f"arn:aws:lambda:eu-west-1:{_ACCOUNT}:event-source-mapping:1"
_FUNCTION = f"arn:aws:lambda:eu-west-1:{_ACCOUNT}:function"
_PARTITION = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["HOLDS", "FREEZES"]}}
_ANY_PARTITION = {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["HOLDS"]}}
_NEW = {"Null": {"s3:if-none-match": "false"}}
_TO_LAMBDA = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "glue.amazonaws.com"]}}
_OF_UNITS = {"ArnLike": {"lambda:FunctionArn": f"{_FUNCTION}:app-*"}}
_FOR_US = {"StringEquals": {"aws:SourceAccount": _ACCOUNT}}


def policy(*statements: dict[str, Any]) -> Policy:
    """A policy with some statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str, resource: str, condition: dict[str, Any] | None = None) -> Policy:
    """A policy that allows one thing."""
    return policy(
        {"Effect": "Allow", "Action": action, "Resource": resource, **({"Condition": condition} if condition else {})}
    )


def ask(request: Request) -> Answer:
    """Ask for one."""
    (answer,) = simulate([request])
    return answer


@pytest.mark.parametrize(
    ("action", "resource", "condition", "context", "allowed"),
    [
        ("dynamodb:PutItem", _TABLE, _PARTITION, {"dynamodb:LeadingKeys": ["HOLDS"]}, True),
        ("dynamodb:PutItem", _TABLE, _PARTITION, {"dynamodb:LeadingKeys": ["HOLDS", "UNIT#orders"]}, False),
        # The trap: a condition on all values is met where there are none.
        ("dynamodb:PutItem", _TABLE, _PARTITION, {}, True),
        ("dynamodb:PutItem", _TABLE, _PARTITION, {"dynamodb:LeadingKeys": []}, True),
        ("dynamodb:PutItem", _TABLE, _ANY_PARTITION, {}, False),
        ("dynamodb:PutItem", _TABLE, _ANY_PARTITION, {"dynamodb:LeadingKeys": ["HOLDS", "UNIT#orders"]}, True),
        ("s3:PutObject", _OBJECT, _NEW, {"s3:if-none-match": "*"}, True),
        ("s3:PutObject", _OBJECT, _NEW, {}, False),
        ("iam:PassRole", _ROLE, _TO_LAMBDA, {"iam:PassedToService": "glue.amazonaws.com"}, True),
        ("iam:PassRole", _ROLE, _TO_LAMBDA, {"iam:PassedToService": "ec2.amazonaws.com"}, False),
        ("iam:PassRole", _ROLE, _TO_LAMBDA, {}, False),
        ("lambda:UpdateEventSourceMapping", _MAPPING, _OF_UNITS, {"lambda:FunctionArn": f"{_FUNCTION}:app-tax"}, True),
        ("lambda:UpdateEventSourceMapping", _MAPPING, _OF_UNITS, {"lambda:FunctionArn": f"{_FUNCTION}:other"}, False),
        ("lambda:UpdateEventSourceMapping", _MAPPING, _OF_UNITS, {}, False),
    ],
)
def test_conditions_are_evaluated(
    action: str, resource: str, condition: dict[str, Any], context: dict[str, Any], *, allowed: bool
) -> None:
    """By their operator, and by whether the request carries the key at all."""
    answer = ask(Request(action, resource, (allow(action, resource, condition),), context))
    assert answer.allowed is allowed, answer.reason


def test_a_denial_counts_more_than_any_permission_and_says_where_it_stands() -> None:
    """In whichever policy."""
    denial = policy({"Effect": "Deny", "Action": "states:SendTask*", "Resource": "*"})
    answer = ask(Request("states:SendTaskSuccess", "*", (allow("states:SendTaskSuccess", "*"), denial)))
    assert (answer.allowed, answer.denied_by_statement) == (False, True)
    assert answer.reason == "identity denies: policy 1, statement 1"


def test_what_no_statement_allows_is_denied_without_a_statement() -> None:
    """Another policy could still allow it."""
    answer = ask(Request("s3:GetObject", _OBJECT, (allow("s3:GetObject", "arn:aws:s3:::other/*"),)))
    assert (answer.allowed, answer.denied_by_statement) == (False, False)
    assert answer.reason == "identity does not allow"


@pytest.mark.parametrize(("who", "allowed"), [("administrator", True), ("orchestrator-decide", False)])
def test_a_resource_policy_may_deny_all_but_some(who: str, *, allowed: bool) -> None:
    """Whatever their own policies allow."""
    but = {"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{_ACCOUNT}:role/administrator"]}}
    denial = policy(
        {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:PutItem", "Resource": _TABLE, "Condition": but}
    )
    everything = allow("dynamodb:*", "*")
    principal = f"arn:aws:iam::{_ACCOUNT}:role/{who}"
    answer = ask(Request("dynamodb:PutItem", _TABLE, (everything,), principal=principal, resource_policy=denial))
    assert (answer.allowed, answer.denied_by_statement) == (allowed, not allowed)


@pytest.mark.parametrize(
    ("service", "account", "allowed"),
    [
        ("states.amazonaws.com", _ACCOUNT, True),
        ("states.amazonaws.com", "999999999999", False),
        ("lambda.amazonaws.com", _ACCOUNT, False),
    ],
)
def test_a_trust_policy_names_a_service_working_for_an_account(service: str, account: str, *, allowed: bool) -> None:
    """So that nobody has it work for theirs."""
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": _FOR_US,
        }
    )
    request = Request("sts:AssumeRole", _ROLE, (), {"aws:SourceAccount": account}, service, resource_policy=trust)
    assert ask(request).allowed is allowed


def test_boundaries_and_sessions_only_take_away() -> None:
    """Neither of them allows anything by itself."""
    everything, keys = allow("s3:*", "*"), allow("s3:GetObject", "arn:aws:s3:::decisions/*")
    asked = [
        Request("s3:GetObject", _OBJECT, (everything,), boundary=keys),
        Request("s3:PutObject", _OBJECT, (everything,), boundary=keys),
        Request("s3:GetObject", _OBJECT, (), boundary=keys),
        Request("s3:GetObject", _OBJECT, (everything,), session=keys),
        Request("s3:PutObject", _OBJECT, (everything,), session=keys),
    ]
    assert [one.allowed for one in simulate(asked)] == [True, False, False, True, False]


@pytest.mark.parametrize(
    ("given", "action", "context", "complaint"),
    [
        (allow("dynamodb:Scan", _TABLE, _PARTITION), "dynamodb:PutItem", {}, "dynamodb:Scan never carries"),
        (allow("dynamodb:PutItm", _TABLE), "dynamodb:PutItem", {}, "dynamodb:PutItm is not an action"),
        (
            allow("dynamodb:PutItem", _TABLE, {"ForAllValues:StringEquals": {"dynamodb:LeadingKey": ["A"]}}),
            "dynamodb:PutItem",
            {},
            "dynamodb:PutItem never carries dynamodb:leadingkey",
        ),
        (allow("dynamodb:PutItem", _TABLE), "dynamodb:PutItem", {"s3:prefix": "x"}, "never carries s3:prefix"),
        (allow("dynamodb:PutItem", _TABLE), "dynamodb:Put", {}, "invalid.action"),
    ],
)
def test_what_makes_no_sense_is_an_error_and_no_answer(
    given: Policy, action: str, context: dict[str, Any], complaint: str
) -> None:
    """A condition on a key that is never there allows everything, or nothing."""
    with pytest.raises(SimulatorError, match=complaint):
        simulate([Request(action, _TABLE, (given,), context)])


def test_roles_managed_policies_and_resource_policies_are_read_from_templates() -> None:
    """With what their templates refer to by logical names."""
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "decisions"}}
    denial = policy(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:DeleteObject",
            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Decisions", "Arn"]}, "/*"]]},
        }
    )
    role = {
        "RoleName": "keeper",
        "AssumeRolePolicyDocument": policy(),
        "Policies": [{"PolicyName": "keeper", "PolicyDocument": allow("s3:*", "*")}],
    }
    resources = {
        "Decisions": bucket,
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Decisions"}, "PolicyDocument": denial},
        },
        "Keeper": {"Type": "AWS::IAM::Role", "Properties": role},
    }
    policies = Policies.of({"orchestrator": json.dumps({"Resources": resources})})
    read, deleted = simulate(
        [request_of(policies, "keeper", action, _OBJECT) for action in ("s3:GetObject", "s3:DeleteObject")]
    )
    assert (read.allowed, deleted.allowed) == (True, False)
    assert "resource denies" in deleted.reason
