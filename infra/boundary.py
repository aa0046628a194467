"""Denials for CloudFormation in a target: its own roles, and roles of units without the permissions boundary.

They are denials, not conditions of what is allowed: `cloudformation_policies` may allow more, and must not open a way
around them.
"""

from infra.account import Account
from infra.tooling.statements import Statements, allow, deny
from orchestrator.config.environment import Environment

_SET_BOUNDARY = ["iam:PutRolePermissionsBoundary"]
# Each carries the boundary that the role or user has, or is given; without one, the key is missing.
_WITH_BOUNDARY = [
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:CreateUser",
    "iam:PutUserPolicy",
    "iam:DeleteUserPolicy",
    "iam:AttachUserPolicy",
    "iam:DetachUserPolicy",
    "iam:PutUserPermissionsBoundary",
]
_REMOVE_BOUNDARY = ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"]
_CHANGE_POLICY = [
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
]
_CHANGE_ROLE = [
    "iam:AttachRolePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PassRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
]


def keep_own_roles(environment: Environment, account: Account) -> Statements:
    """Deny changing and passing the orchestrator's own roles, and changing the policies that these have."""
    names = (environment.deployer_role, environment.cloudformation_role, *environment.cloudformation_roles.values())
    own = [account.role_arn(name) for name in dict.fromkeys(names)]
    policies = [arn for arn in environment.cloudformation_policies if not arn.startswith("arn:aws:iam::aws:")]
    return [deny(_CHANGE_ROLE, own), *([deny(_CHANGE_POLICY, policies)] if policies else [])]


def require_boundary(environment: Environment, account: Account) -> Statements:
    """Allow roles of units with the boundary alone; nothing where the environment has none."""
    boundary = environment.boundary_in(account.number)
    if boundary is None:
        return []
    # A key that is missing is not equal either.
    another = {"StringNotEquals": {"iam:PermissionsBoundary": boundary}}
    return [
        allow(_SET_BOUNDARY, account.roles),
        deny(_WITH_BOUNDARY, ["*"], another),
        deny(_REMOVE_BOUNDARY, ["*"]),
        # Also where it is one of AWS's, which nobody can change.
        deny(_CHANGE_POLICY, [boundary]),
    ]
