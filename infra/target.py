"""The stack `orchestrator-target`: what an account needs to be deployed to, its own bucket and two roles."""

from dataclasses import replace

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.account import Account
from infra.boundary import keep_own_roles, require_boundary
from infra.bucket import artifacts_bucket
from infra.stack import StaticStack
from infra.tooling.permissions import TARGET_STEPS
from infra.tooling.roles import role
from infra.tooling.statements import Statements, allow
from infra.units import keep_from, what_units_need
from orchestrator.config.environment import Environment, Target
from orchestrator.config.infrastructure import function_name
from orchestrator.config.organization import Organization
from orchestrator.config.stacks import has_bucket, has_roles

_STACKS = [
    "cloudformation:CreateChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:DescribeStacks",
    "cloudformation:DescribeStackEvents",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "cloudformation:DetectStackDrift",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DeleteStack",
    "cloudformation:TagResource",
]


class TargetStack(StaticStack):
    """One account and region that is deployed to."""

    def __init__(
        self, scope: Construct, name: str, organization: Organization, target: Target, *, env: cdk.Environment
    ) -> None:
        super().__init__(scope, name, "what this account needs to be deployed to", env=env)
        if has_bucket(target, organization):
            artifacts_bucket(self, target.bucket)
        if has_roles(target, organization):
            environment = next(one for one in organization.environments if target in one.targets)
            account = Account(organization, target.account)
            self._deployer(environment, account)
            self._cloudformation(environment, account)

    def _deployer(self, environment: Environment, account: Account) -> None:
        role(
            self,
            environment.deployer_role,
            _lambdas_of(account.organization),
            _deployer(environment, account),
            "What the promotion orchestrator works with here",
        )

    def _cloudformation(self, environment: Environment, account: Account) -> None:
        """Make the role of most units, and those that are for some stacks alone."""
        others = environment.cloudformation_roles
        kept_from = keep_from(replace(account, only=tuple(others))) if others else []
        self._unit_role(environment.cloudformation_role, environment, account, kept_from)
        for name in dict.fromkeys(others.values()):
            only = tuple(pattern for pattern, role_name in others.items() if role_name == name)
            self._unit_role(name, environment, replace(account, only=only))

    def _unit_role(self, name: str, environment: Environment, account: Account, more: Statements | None = None) -> None:
        principal = iam.ServicePrincipal(
            "cloudformation.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account.number}}
        )
        statements = [
            *what_units_need(account),
            *(more or []),
            *require_boundary(environment, account),
            *keep_own_roles(environment, account),
        ]
        made = role(self, name, principal, statements, "What units deploy with")
        for arn in environment.cloudformation_policies:
            policy = f"{'' if name == environment.cloudformation_role else name}{arn.rsplit('/', 1)[-1]}"
            made.add_managed_policy(iam.ManagedPolicy.from_managed_policy_arn(self, policy, arn))


def _lambdas_of(organization: Organization) -> iam.IPrincipal:
    """The Lambdas that work in targets, by their exact roles."""
    callers = [organization.tooling_role_arn(function_name(step)) for step in TARGET_STEPS]
    condition = {"sts:ExternalId": organization.external_id}
    if organization.organization_id:
        condition["aws:PrincipalOrgID"] = organization.organization_id
    principals = [iam.ArnPrincipal(arn) for arn in callers]
    return iam.CompositePrincipal(*principals).with_conditions({"StringEquals": condition})


def _deployer(environment: Environment, account: Account) -> Statements:
    roles = (environment.cloudformation_role, *environment.cloudformation_roles.values())
    passable = [account.role_arn(name) for name in dict.fromkeys(roles)]
    passed = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    return [
        allow(_STACKS, account.stacks),
        allow(["cloudformation:CreateChangeSet"], account.transforms),
        # Asked by a detection's id: no stack can be named.
        allow(["cloudformation:DescribeStackDriftDetectionStatus"], ["*"]),
        allow(["iam:PassRole"], passable, passed),
        allow(["s3:GetObject", "s3:PutObject"], account.releases),
        # Without this, S3 says of an object that is not there that access to it is denied.
        allow(["s3:ListBucket"], account.buckets),
        allow(["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"], account.named("lambda", "function:")),
        # The embedded cloud takes the first for the second, which AWS grants on no resource in particular.
        allow(["lambda:GetLayerVersion", "lambda:ListLayers"], account.layers),
    ]
