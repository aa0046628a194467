"""The stack `promote-<unit>`: a unit's state machines and nothing else, so that a merge never creates IAM."""

import json
from typing import Any

from orchestrator.config.organization import GATE_ROLE, PROMOTION_ROLE, Organization
from orchestrator.config.unit import Unit
from state_machines.gate import gate
from state_machines.promotion import promotion


def unit_stack(unit: Unit, organization: Organization) -> str:
    """The CloudFormation template of a unit's stack, as compact JSON; equal inputs give equal text."""
    gated = [name for name in unit.environments(organization) if unit.needs_approval(name, organization)]
    resources = {
        "Promotion": _state_machine(
            unit.state_machine_name, promotion(unit, organization), organization.tooling_role_arn(PROMOTION_ROLE)
        ),
        **{
            f"Gate{name.capitalize()}": _state_machine(
                unit.gate_name(name), gate(unit, name, organization), organization.tooling_role_arn(GATE_ROLE)
            )
            for name in gated
        },
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"State machines that promote the deployment unit {unit.name}",
        "Resources": resources,
    }
    return json.dumps(template, separators=(",", ":"))


def _state_machine(name: str, definition: dict[str, Any], role: str) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": name,
            "StateMachineType": "STANDARD",
            "RoleArn": role,
            "DefinitionString": json.dumps(definition, separators=(",", ":")),
        },
    }
