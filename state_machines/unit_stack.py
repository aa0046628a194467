"""The stack `promote-<unit>`: a unit's state machines and nothing else, so that a merge never creates IAM."""

import json
from typing import Any

from orchestrator.config.infrastructure import GATE_ROLE, PROMOTION_ROLE
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from state_machines.gate import gate
from state_machines.promotion import promotion


def unit_stack(unit: Unit, organization: Organization) -> str:
    """The CloudFormation template of a unit's stack, as compact JSON; equal inputs give equal text."""
    return _template(unit, organization, promotion(unit, organization))


def retired_stack(unit: Unit, organization: Organization) -> str:
    """The template of a unit that is no longer in the repository: whatever is started ends at once, saying so.

    Its gates stay: what was under way when it went may wait for a decision.
    """
    definition = {
        "Comment": f"{unit.name} is no longer in the repository",
        "StartAt": "Retired",
        "States": {
            "Retired": {
                "Type": "Fail",
                "Error": "RETIRED",
                "Cause": f"{unit.name} is no longer in the repository. What runs of it is kept until "
                f"'orchestrator retire {unit.name} --delete'; it is promoted again when its folder is there again.",
            }
        },
    }
    return _template(unit, organization, definition)


def _template(unit: Unit, organization: Organization, definition: dict[str, Any]) -> str:
    role = organization.tooling_role_arn(PROMOTION_ROLE)
    promotion_machine = _state_machine(unit.state_machine_name, definition, role)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"State machines that promote the deployment unit {unit.name}",
        "Resources": {"Promotion": promotion_machine, **_gates(unit, organization)},
    }
    return json.dumps(template, separators=(",", ":"))


def _gates(unit: Unit, organization: Organization) -> dict[str, Any]:
    """A gate for every environment: the guardrails say at each promotion whether it is used."""
    return {
        f"Gate{name.capitalize()}": _state_machine(
            unit.gate_name(name), gate(unit, name, organization), organization.tooling_role_arn(GATE_ROLE)
        )
        for name in unit.environments(organization)
    }


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
