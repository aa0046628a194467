"""The Lambdas, each with a role and a log group of its own."""

from collections.abc import Iterable
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.tooling.names import Names
from infra.tooling.permissions import GUARDRAILS_SETTING, Step
from infra.tooling.roles import role
from infra.tooling.source import source_settings
from infra.tooling.starts import START_TRIES
from infra.tooling.statements import allow
from orchestrator.config.infrastructure import (
    GUARDRAILS_TABLE,
    LEDGER_TABLE,
    PUBLISHER_ROLE,
    TOKENS_TABLE,
    WEBHOOK_SECRET,
    function_name,
)

_MEMORY_MB = 512


@dataclass(frozen=True)
class Queues:
    """The queues that steps know: of what could not be dealt with, and of what is to be started."""

    dead_letters: sqs.IQueue
    starts: sqs.IQueue | None = None


class Functions(Construct):
    """The Lambdas of some steps.

    Attributes:
        by_step: the Lambda of each step.
        roles: the role of each step.
    """

    def __init__(self, scope: Construct, names: Names, steps: Iterable[Step], bundle_key: str, queues: Queues) -> None:
        super().__init__(scope, "Functions")
        self._names = names
        self._queues = queues
        self._bundle_key = bundle_key
        bucket = s3.Bucket.from_bucket_name(self, "Code", names.organization.tooling.bucket)
        self._code = lambda_.Code.from_bucket(bucket, bundle_key)
        self.roles: dict[str, iam.Role] = {}
        self.by_step = {step.name: self._function(step) for step in steps}

    def _function(self, step: Step) -> lambda_.Function:
        scope = Construct(self, step.name)
        name = function_name(step.name)
        log_group = logs.LogGroup(
            scope,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        platform = self._names.organization.lambda_
        return lambda_.Function(
            scope,
            "Function",
            function_name=name,
            description=f"Promotion orchestrator: {step.name}",
            code=self._code,
            handler=f"lambdas.{step.name}.handler",
            runtime=lambda_.Runtime(platform.runtime, lambda_.RuntimeFamily.PYTHON),
            architecture=_architecture(platform.architecture),
            memory_size=_MEMORY_MB,
            timeout=cdk.Duration.seconds(step.timeout),
            # The role is complete as it is: what CDK would add by itself is less exact.
            role=self._role(scope, step).without_policy_updates(),
            environment=self._settings(step),
            dead_letter_queue=self._queues.dead_letters if step.name in EVENT_STEPS else None,
            reserved_concurrent_executions=step.concurrency,
            log_group=log_group,
        )

    def _role(self, scope: Construct, step: Step) -> iam.Role:
        write_logs = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [self._names.log_group(step.name)])
        statements = [write_logs, *step.statements(self._names)]
        if GUARDRAILS_SETTING in step.settings:
            statements.append(allow(["dynamodb:GetItem", "dynamodb:Query"], [self._names.guardrails]))
        if step.name in EVENT_STEPS and step.name != "on_merge":
            statements.append(allow(["sqs:SendMessage"], [self._names.dead_letters]))
        principal = iam.ServicePrincipal("lambda.amazonaws.com")
        made = role(scope, function_name(step.name), principal, statements, f"What {step.name} may do")
        self.roles[step.name] = made
        return made

    def _settings(self, step: Step) -> dict[str, str]:
        organization = self._names.organization
        values = {
            "ledger_table": LEDGER_TABLE,
            GUARDRAILS_SETTING: GUARDRAILS_TABLE,
            "tokens_table": TOKENS_TABLE,
            "decisions_bucket": self._names.decisions_bucket_name,
            "bucket": organization.tooling.bucket,
            "external_id": organization.external_id,
            **source_settings(organization),
            "code": self._bundle_key,
            "repository_id": str(organization.repository.id or ""),
            "webhook_secret": WEBHOOK_SECRET,
            "dead_letters_url": self._queues.dead_letters.queue_url,
            "starts_url": self._queues.starts.queue_url if self._queues.starts else "",
            "start_tries": str(START_TRIES),
            "publisher_role": organization.tooling_role_arn(PUBLISHER_ROLE),
            "ledger_arn": self._names.ledger,
            "promotions": self._names.promotion_executions.removesuffix("*:*"),
            "build_runner": organization.build.runner,
            "approvals_topic": self._names.approvals,
            "failures_topic": self._names.failures,
        }
        return {f"ORCHESTRATOR_{name.upper()}": values[name] for name in step.settings}


# Those that EventBridge calls: an event they cannot deal with goes to the dead-letter queue.
EVENT_STEPS = ("on_merge", "on_promotion_change", "on_train_change")


def _architecture(name: str) -> lambda_.Architecture:
    return lambda_.Architecture.ARM_64 if name == "arm64" else lambda_.Architecture.X86_64
