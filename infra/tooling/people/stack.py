"""The stack `orchestrator-access`: managed policies of people, beside the tooling stack so that each fits a request.

Two policies are older than this stack and stay in the tooling stack: what somebody has attached cannot be moved.
"""

import aws_cdk as cdk
from constructs import Construct

from infra.stack import StaticStack
from infra.tooling.names import Names
from infra.tooling.people.managed import IN_TOOLING, managed_policies
from infra.tooling.people.policies import ROLES
from orchestrator.config.organization import Organization


class AccessStack(StaticStack):
    """A managed policy for each role, those of the tooling stack aside."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "access for people and CI", env=env)
        managed_policies(self, Names(organization), [role for role in ROLES if role.name not in IN_TOOLING])
