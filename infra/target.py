"""The stack `orchestrator-target`: what an account needs to be deployed to, its own bucket and two roles."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.bucket import artifacts_bucket
from infra.tooling.permissions import TARGET_STEPS, Statements, allow
from infra.tooling.roles import role
from orchestrator.config.organization import Environment, Organization, Target, function_name

_STACKS = [
    "cloudformation:CreateChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeStacks",
    "cloudformation:DescribeStackEvents",
    "cloudformation:ListStackResources",
    "cloudformation:DeleteStack",
    "cloudformation:TagResource",
]


class TargetStack(cdk.Stack):
    """One account and region that is deployed to."""

    def __init__(
        self, scope: Construct, name: str, organization: Organization, target: Target, *, env: cdk.Environment
    ) -> None:
        super().__init__(
            scope,
            name,
            env=env,
            synthesizer=cdk.BootstraplessSynthesizer(),
            description="Promotion orchestrator: what this account needs to be deployed to",
        )
        self._organization = organization
        self._target = target
        if target.bucket != organization.tooling.bucket:
            artifacts_bucket(self, target.bucket)
        environment = next(one for one in organization.environments if target in one.targets)
        # Roles are the account's, whatever the region: its first target makes them.
        if target == next(one for one in organization.targets if one.account == target.account):
            self._deployer(environment)
            self._cloudformation(environment)

    @property
    def _regions(self) -> list[str]:
        """The regions of this account that are deployed to."""
        return [one.region for one in self._organization.targets if one.account == self._target.account]

    def _arns(self, service: str, *resources: str) -> list[str]:
        """Resources of this account, in each of its regions, whose names begin with the units' prefix."""
        return [
            f"arn:aws:{service}:{region}:{self._target.account}:{resource}"
            for region in self._regions
            for resource in resources
        ]

    def _objects(self) -> list[str]:
        buckets = [one.bucket for one in self._organization.targets if one.account == self._target.account]
        return [f"arn:aws:s3:::{bucket}/projects/*" for bucket in buckets]

    def _deployer(self, environment: Environment) -> None:
        organization, prefix = self._organization, self._organization.stack_prefix
        callers = [organization.tooling_role_arn(function_name(step)) for step in TARGET_STEPS]
        principal = iam.CompositePrincipal(*(iam.ArnPrincipal(arn) for arn in callers)).with_conditions(
            {"StringEquals": {"sts:ExternalId": organization.external_id}}
        )
        passed = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        statements = [
            allow(_STACKS, self._arns("cloudformation", f"stack/{prefix}*/*")),
            allow(["iam:PassRole"], [self._target.role_arn(environment.cloudformation_role)], passed),
            allow(["s3:GetObject", "s3:PutObject"], self._objects()),
            allow(
                ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
                self._arns("lambda", f"function:{prefix}*"),
            ),
        ]
        role(self, environment.deployer_role, principal, statements, "What the promotion orchestrator works with here")

    def _cloudformation(self, environment: Environment) -> None:
        principal = iam.ServicePrincipal(
            "cloudformation.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": self._target.account}},
        )
        made = role(self, environment.cloudformation_role, principal, self._what_units_need(), "What units deploy with")
        for arn in environment.cloudformation_policies:
            made.add_managed_policy(iam.ManagedPolicy.from_managed_policy_arn(self, arn.rsplit("/", 1)[-1], arn))

    def _what_units_need(self) -> Statements:
        """What Lambda and Glue units are made of, each limited to names with the units' prefix.

        A unit can create roles with any permissions: whoever may merge a template may do what CloudFormation may.
        """
        prefix, account = self._organization.stack_prefix, self._target.account
        roles = [f"arn:aws:iam::{account}:role/{prefix}*"]
        passed = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "glue.amazonaws.com"]}}
        return [
            allow(["lambda:*"], self._arns("lambda", f"function:{prefix}*", f"layer:{prefix}*", f"layer:{prefix}*:*")),
            allow(["glue:*"], self._arns("glue", f"job/{prefix}*", f"trigger/{prefix}*")),
            allow(["logs:*"], self._arns("logs", f"log-group:/aws/lambda/{prefix}*", f"log-group:/aws-glue/{prefix}*")),
            allow(["events:*"], self._arns("events", f"rule/{prefix}*")),
            allow(["sqs:*"], self._arns("sqs", f"{prefix}*")),
            allow(["sns:*"], self._arns("sns", f"{prefix}*")),
            allow(["dynamodb:*"], self._arns("dynamodb", f"table/{prefix}*")),
            allow(["s3:*"], [f"arn:aws:s3:::{prefix}*"]),
            allow(["s3:GetObject"], self._objects()),
            allow(
                [
                    f"iam:{action}"
                    for action in (
                        "CreateRole",
                        "DeleteRole",
                        "GetRole",
                        "UpdateRole",
                        "UpdateAssumeRolePolicy",
                        "TagRole",
                        "UntagRole",
                        "PutRolePolicy",
                        "DeleteRolePolicy",
                        "GetRolePolicy",
                        "AttachRolePolicy",
                        "DetachRolePolicy",
                    )
                ],
                roles,
            ),
            allow(["iam:PassRole"], roles, passed),
        ]
