"""The stack `orchestrator-trains`: beside the tooling stack, so that each fits into a request."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.stack import StaticStack
from infra.tooling.events import on_status_change
from infra.tooling.functions import Functions, Queues
from infra.tooling.names import Names
from infra.tooling.roles import role, service
from infra.trains.machine import train_machine
from infra.trains.permissions import TRAIN_STEPS, train_role
from orchestrator.config.infrastructure import TRAIN_ROLE
from orchestrator.config.organization import Organization


class TrainsStack(StaticStack):
    """The state machine of trains, its role, its steps' Lambdas, and the rule for its begins and ends."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "release trains", env=env)
        names = Names(organization)
        bundle_key = cdk.CfnParameter(self, "BundleKey", description="Key of the Lambdas' code").value_as_string
        dead_letters = sqs.Queue.from_queue_arn(self, "DeadLetters", names.dead_letters)
        functions = Functions(self, names, TRAIN_STEPS, bundle_key, Queues(dead_letters))
        states = service("states.amazonaws.com", organization.tooling.account)
        made = role(self, TRAIN_ROLE, states, train_role(names), "What trains run with")
        train_machine(self, organization, made.without_policy_updates())
        on_status_change(
            self, "train-change", [names.train_machine], functions.by_step["on_train_change"], dead_letters
        )
