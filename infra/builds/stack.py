"""The stack `orchestrator-builds`: beside the tooling stack, so that each fits into a request."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.builds.permissions import BUILD_STEPS, publisher
from infra.stack import StaticStack
from infra.tooling.functions import Functions, Queues
from infra.tooling.names import Names
from infra.tooling.roles import role
from orchestrator.config.infrastructure import PUBLISHER_ROLE
from orchestrator.config.organization import Organization


class BuildsStack(StaticStack):
    """The Lambdas that prepare builds and open their sessions, and the role whose sessions those are."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "what lets builds publish", env=env)
        names = Names(organization)
        bundle_key = cdk.CfnParameter(self, "BundleKey", description="Key of the Lambdas' code").value_as_string
        dead_letters = sqs.Queue.from_queue_arn(self, "DeadLetters", names.dead_letters)
        functions = Functions(self, names, BUILD_STEPS, bundle_key, Queues(dead_letters))
        # Nobody else opens sessions of it: no account, no service.
        opener = iam.ArnPrincipal(functions.roles["begin_publish"].role_arn)
        role(self, PUBLISHER_ROLE, opener, publisher(names), "What releases are published with, unit by unit")
