"""The managed policies of people in the tooling account."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.tooling.names import Names
from infra.tooling.people.policies import ROLES
from infra.tooling.people.scope import Scope


def managed_policies(scope: Construct, names: Names) -> None:
    """Make one for each role, for all units."""
    for role in ROLES:
        iam.ManagedPolicy(
            scope,
            f"{role.name.capitalize()}Policy",
            managed_policy_name=role.policy_name,
            description=role.description,
            document=iam.PolicyDocument.from_json(role.policy(Scope(names))),
        )
