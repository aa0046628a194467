"""The managed policies of people in the tooling account."""

from collections.abc import Iterable

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.tooling.names import Names
from infra.tooling.people.policies import AccessRole
from infra.tooling.people.scope import Scope

IN_TOOLING = ("operator", "controller")
"""Roles whose policies are in the tooling stack."""


def managed_policies(scope: Construct, names: Names, roles: Iterable[AccessRole]) -> None:
    """Make one for each role, for all units."""
    for role in roles:
        iam.ManagedPolicy(
            scope,
            f"{role.name.capitalize()}Policy",
            managed_policy_name=role.policy_name,
            description=role.description,
            document=iam.PolicyDocument.from_json(role.policy(Scope(names))),
        )
