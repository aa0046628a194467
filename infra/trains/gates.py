"""The stack `orchestrator-train-gates`: the gate of trains for each environment; those of units come with the units."""

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.stack import StaticStack
from orchestrator.config.infrastructure import GATE_ROLE
from orchestrator.config.organization import Organization
from orchestrator.trains.names import train_gate_name
from state_machines.gate import train_gate


class TrainGatesStack(StaticStack):
    """A gate for each environment: any unit may ask for approval there."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "gates of release trains", env=env)
        role = iam.Role.from_role_arn(self, "GateRole", organization.tooling_role_arn(GATE_ROLE), mutable=False)
        for environment in organization.environment_names:
            sfn.StateMachine(
                self,
                f"Gate{environment.capitalize()}",
                state_machine_name=train_gate_name(environment),
                definition_body=sfn.DefinitionBody.from_string(json.dumps(train_gate(environment, organization))),
                role=role,
            )
