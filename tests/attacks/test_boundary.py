"""A merged template reaches for more than the permissions boundary of its account allows."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.config.load import load_organization
from orchestrator.errors import ConfigurationError
from tests.infra.simulator import Request, request_of, simulate
from tests.infra.synthesized import Policies, Policy, example, texts_of
from tests.organization_toml import organization_toml

_ACCOUNT = "333333333333"
_WHO = f"{_ACCOUNT}/orchestrator-cloudformation"
_IAM = f"arn:aws:iam::{_ACCOUNT}"
_BOUNDARY = f"{_IAM}:policy/unit-boundary"
_UNIT_ROLE, _USER = f"{_IAM}:role/shop-orders-api", f"{_IAM}:user/anybody"
_INSIDE = {"iam:PermissionsBoundary": _BOUNDARY}
_ELSEWHERE = {"iam:PermissionsBoundary": f"{_IAM}:policy/of-somebody-else"}
_TO_LAMBDA = {"iam:PassedToService": "lambda.amazonaws.com"}
# What an administrator may have given to the role besides, by `cloudformation_policies`.
_EVERYTHING: Policy = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_OWN = [f"{_IAM}:role/deployer-of-ours", f"{_IAM}:role/orchestrator-cloudformation"]

_ESCAPES: list[tuple[str, str, Mapping[str, str]]] = [
    # A role without the boundary, or with another one.
    ("iam:CreateRole", _UNIT_ROLE, {}),
    ("iam:CreateRole", _UNIT_ROLE, _ELSEWHERE),
    ("iam:CreateUser", _USER, {}),
    # More permissions for a role that has no boundary, as one that is older than it.
    ("iam:PutRolePolicy", _UNIT_ROLE, {}),
    ("iam:AttachRolePolicy", _UNIT_ROLE, {}),
    ("iam:DeleteRolePolicy", _UNIT_ROLE, {}),
    ("iam:DetachRolePolicy", _UNIT_ROLE, _ELSEWHERE),
    ("iam:AttachUserPolicy", _USER, {}),
    # Another boundary, or none.
    ("iam:PutRolePermissionsBoundary", _UNIT_ROLE, _ELSEWHERE),
    ("iam:PutRolePermissionsBoundary", _UNIT_ROLE, {}),
    ("iam:DeleteRolePermissionsBoundary", _UNIT_ROLE, _INSIDE),
    ("iam:DeleteUserPermissionsBoundary", _USER, _INSIDE),
    # A boundary that says something else.
    ("iam:CreatePolicyVersion", _BOUNDARY, {}),
    ("iam:SetDefaultPolicyVersion", _BOUNDARY, {}),
    ("iam:DeletePolicy", _BOUNDARY, {}),
    # The orchestrator's own roles, which have none.
    *(
        (f"iam:{action}", own, {})
        for own in _OWN
        for action in ("UpdateAssumeRolePolicy", "DeleteRole", "PutRolePolicy", "AttachRolePolicy")
    ),
    *(("iam:PutRolePolicy", own, _INSIDE) for own in _OWN),
    *(("iam:PassRole", own, _TO_LAMBDA) for own in _OWN),
]
_WORK: list[tuple[str, str, Mapping[str, str]]] = [
    ("iam:CreateRole", _UNIT_ROLE, _INSIDE),
    ("iam:PutRolePermissionsBoundary", _UNIT_ROLE, _INSIDE),
    ("iam:PutRolePolicy", _UNIT_ROLE, _INSIDE),
    ("iam:AttachRolePolicy", _UNIT_ROLE, _INSIDE),
    ("iam:UpdateAssumeRolePolicy", _UNIT_ROLE, {}),
    ("iam:DeleteRole", _UNIT_ROLE, {}),
    ("iam:PassRole", _UNIT_ROLE, _TO_LAMBDA),
]


@pytest.fixture(scope="session")
def policies(shared: Path) -> Policies:
    """Those of an installation in which staging has a boundary."""
    return Policies.of(texts_of(example(), shared))


def test_no_way_leads_around_the_boundary(policies: Policies) -> None:
    """Not even for a role that was given everything besides: each way is denied by a statement."""
    own = tuple(policies.identity[_WHO])
    principal = f"{_IAM}:role/orchestrator-cloudformation"
    asked = [Request(action, what, (*own, _EVERYTHING), context, principal) for action, what, context in _ESCAPES]
    open_ways = [
        (*way, answer.reason)
        for way, answer in zip(_ESCAPES, simulate(asked), strict=True)
        if not answer.denied_by_statement
    ]
    assert not open_ways


def test_roles_with_the_boundary_are_made_as_before(policies: Policies) -> None:
    """Else the denials would show nothing."""
    answers = simulate(request_of(policies, _WHO, *one) for one in _WORK)
    assert [one.reason for one in answers if not one.allowed] == []


def test_without_a_boundary_the_own_roles_are_kept_all_the_same(policies: Policies) -> None:
    """Whatever else was given to the role, no template changes it."""
    account = "222222222222"
    own = tuple(policies.identity[f"{account}/orchestrator-cloudformation"])
    role = f"arn:aws:iam::{account}:role/orchestrator-cloudformation"
    asked = [
        Request(f"iam:{action}", role, (*own, _EVERYTHING), context, role)
        for action, context in [("PutRolePolicy", {}), ("AttachRolePolicy", {}), ("PassRole", _TO_LAMBDA)]
    ]
    assert all(one.denied_by_statement for one in simulate(asked))


def test_the_documented_boundary_lets_units_work_and_make_no_roles() -> None:
    """The example of `docs/access.md`, as the boundary of a role that may do everything."""
    text = Path("docs/access.md").read_text(encoding="utf-8")
    boundary = json.loads(text.split("```json\n")[1].split("```")[0])
    asked = [
        ("dynamodb:PutItem", f"arn:aws:dynamodb:eu-west-1:{_ACCOUNT}:table/shop-orders", True),
        ("iam:CreateRole", _UNIT_ROLE, False),
        ("iam:PutRolePolicy", _OWN[1], False),
        ("iam:CreatePolicyVersion", _BOUNDARY, False),
        ("iam:CreateAccessKey", _USER, False),
        ("iam:PassRole", _OWN[1], False),
        ("sts:AssumeRole", _OWN[1], False),
        ("cloudformation:CreateStack", f"arn:aws:cloudformation:eu-west-1:{_ACCOUNT}:stack/any/1", False),
        ("organizations:LeaveOrganization", "*", False),
    ]
    answers = simulate(
        Request(action, what, (_EVERYTHING,), principal=_UNIT_ROLE, boundary=boundary) for action, what, _ in asked
    )
    assert [(action, one.allowed) for (action, _, _), one in zip(asked, answers, strict=True)] == [
        (action, allowed) for action, _, allowed in asked
    ]


@pytest.mark.parametrize("prefix", ["orchestrator-", "promote-", "orchestrator-cloud-"])
def test_units_do_not_share_a_prefix_with_the_roles_that_limit_them(prefix: str) -> None:
    """CloudFormation may change what carries the prefix: then also the role that it works with."""
    text = f'stack_prefix = "{prefix}"\n{organization_toml("dev")}'
    with pytest.raises(ConfigurationError, match="is what names of the orchestrator itself begin with"):
        load_organization(text.encode())


@pytest.mark.parametrize("stack", ["orchestrator-d*", "o*", "promote-*", "promote-orders", "pro*"])
def test_what_is_adopted_is_not_the_orchestrators_own(stack: str) -> None:
    """Such as its functions, or the stacks with state machines of units, where the tooling account is a target."""
    text = f'{organization_toml("dev")}\n[adopt]\nstacks = ["{stack}"]\n'
    with pytest.raises(ConfigurationError, match="would hold stacks of the orchestrator itself"):
        load_organization(text.encode())
