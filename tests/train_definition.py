"""The train's state machine as CDK writes it, for an engine that is no CloudFormation."""

import json
from pathlib import Path
from typing import Any

from orchestrator.bootstrap.synth import synthesize_cached
from orchestrator.config.infrastructure import TRAIN_GATES_STACK, TRAINS_STACK
from orchestrator.config.organization import Organization


def train_machines(organization: Organization, cache: Path) -> dict[str, dict[str, Any]]:
    """The definitions of all static state machines, by name; synthesized once for equal organizations."""
    standard = organization.model_copy(
        update={"repository": organization.repository.model_copy(update={"url": "file:///repository"})}
    )
    templates = synthesize_cached(standard, cache)
    return {
        name: definition
        for stack in (TRAIN_GATES_STACK, TRAINS_STACK)
        for name, definition in machines_in(json.loads(templates[stack])).items()
    }


def machines_in(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The definitions of the state machines of a template, by name."""
    resources = template["Resources"].values()
    found = [one["Properties"] for one in resources if one["Type"] == "AWS::StepFunctions::StateMachine"]
    return {one["StateMachineName"]: json.loads(_text(one["DefinitionString"])) for one in found}


def _text(value: Any) -> str:
    """A text, with what CloudFormation would fill in."""
    if isinstance(value, str):
        return value
    if value == {"Ref": "AWS::Partition"}:
        return "aws"
    (separator, parts) = value["Fn::Join"]
    return str(separator.join(map(_text, parts)))
