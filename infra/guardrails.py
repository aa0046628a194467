"""The stack `orchestrator-guardrails`: the table of the guardrails, which administrators alone can write."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.stack import StaticStack
from infra.table import keyed_table
from orchestrator.config.infrastructure import ADMINISTRATORS_PARAMETER, GUARDRAILS_TABLE
from orchestrator.config.organization import Organization

_READS = ("GetItem", "BatchGetItem", "Query", "Scan", "ConditionCheckItem", "Describe*", "List*", "GetResourcePolicy")


class GuardrailsStack(StaticStack):
    """The table; a stack of its own, so that it holds the first version before anything else is made."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "the rules that no merge can loosen", env=env)
        administrators = cdk.CfnParameter(
            self,
            ADMINISTRATORS_PARAMETER,
            type="CommaDelimitedList",
            description="Patterns of ARNs of the roles and users that may change the guardrails",
            default=",".join(organization.tooling.administrators),
        )
        policy = _administrators_alone(administrators.value_as_list)
        keyed_table(self, "Guardrails", GUARDRAILS_TABLE, resource_policy=policy)


def _administrators_alone(administrators: list[str]) -> iam.PolicyDocument:
    """Deny everybody else whatever is not reading, the policy itself included; it allows nobody anything."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="AdministratorsAlone",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                not_actions=[f"dynamodb:{action}" for action in _READS],
                resources=["*"],
                conditions={"ArnNotLike": {"aws:PrincipalArn": administrators}},
            )
        ]
    )
