"""The stack `orchestrator`: what runs in the tooling account."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.stack import StaticStack
from infra.table import keyed_table
from infra.tooling.builds import build_project
from infra.tooling.events import rules
from infra.tooling.functions import Functions, Queues
from infra.tooling.names import Names
from infra.tooling.permissions import WEBHOOK, steps_of
from infra.tooling.roles import service_roles
from infra.tooling.starts import consume, starts_queue
from infra.tooling.webhook import webhook
from orchestrator.config.infrastructure import APPROVALS_TOPIC, DEAD_LETTERS, FAILURES_TOPIC, LEDGER_TABLE
from orchestrator.config.organization import Organization


class ToolingStack(StaticStack):
    """Ledger, dead letters, topics, roles, Lambdas and rules; CodeBuild's project and GitHub's webhook on demand."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "ledger, Lambdas, rules and roles", env=env)
        names = Names(organization)
        bundle_key = cdk.CfnParameter(self, "BundleKey", description="Key of the Lambdas' code").value_as_string
        self._ledger()
        self._topics()
        dead_letters = self._dead_letters()
        service_roles(self, names)
        starts = starts_queue(self)
        functions = Functions(self, names, steps_of(organization), bundle_key, Queues(dead_letters, starts))
        consume(starts, functions.by_step["start_promotion"])
        rules(self, names, functions.by_step, dead_letters)
        if organization.repository.on_github:
            webhook(self, functions.by_step[WEBHOOK.name])
        if organization.build.runner == "codebuild":
            builder_key = cdk.CfnParameter(self, "BuilderKey", description="Key of the builder's code").value_as_string
            build_project(self, names, builder_key)

    def _ledger(self) -> None:
        keyed_table(self, "Ledger", LEDGER_TABLE, deletion_protection=True, time_to_live_attribute="expires_at")

    def _topics(self) -> None:
        key = kms.Alias.from_alias_name(self, "SnsKey", "alias/aws/sns")
        for topic, logical in ((APPROVALS_TOPIC, "Approvals"), (FAILURES_TOPIC, "Failures")):
            sns.Topic(self, logical, topic_name=topic, master_key=key, enforce_ssl=True)

    def _dead_letters(self) -> sqs.Queue:
        return sqs.Queue(
            self,
            "DeadLetters",
            queue_name=DEAD_LETTERS,
            retention_period=cdk.Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
