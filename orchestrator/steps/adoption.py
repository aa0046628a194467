"""Stacks that were there before: what a unit takes over by its `stack_name`, and what it must not touch."""

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any

from orchestrator.aws.stack import Stack
from orchestrator.aws.stack_state import StackState
from orchestrator.errors import DeploymentError
from orchestrator.frozen import dataclass
from orchestrator.releases.manifest import Manifest
from orchestrator.steps.contract import StepInput

UNIT_TAG = "orchestrator:unit"
ENVIRONMENT_TAG = "orchestrator:environment"
# Stacks of which something is left that nobody could update; whose they are they must not be deleted for.
_BROKEN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
# The parameters that the CDK's command line fills: of its bootstrap stack, and of assets in its first years.
_OF_CDK = ("BootstrapVersion", "AssetParameters")
_CDK_METADATA = ("aws:cdk:path", "aws:asset:path")


# AWS's own, which nobody may set.
_TAGS_OF_AWS = "aws:"


@dataclass(frozen=True)
class Kept:
    """What an adopted stack keeps of what it has.

    Attributes:
        parameters: those that nothing gives a value.
        tags: all of them: costs, backups and permissions may go by a stack's tags, and CloudFormation takes away from
            the stack and all that is in it those that are not named with each change.
    """

    parameters: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def kept_of(
    manifest: Manifest, document: Mapping[str, Any], given: Collection[str], stack: Stack, step: StepInput
) -> Kept:
    """What a stack keeps that is taken over, or was.

    Raises:
        DeploymentError: the stack is not to be taken over, or a parameter has no value in it either.
    """
    state = stack.state()
    check_adoptable(state, manifest, document, stack)
    there, tags = (state.parameters, tags_of(state)) if state and state.exists else ({}, {})
    open_ones = {name: one for name, one in document.get("Parameters", {}).items() if name not in given}
    missing = [name for name, one in open_ones.items() if name not in there and "Default" not in one]
    if missing:
        raise DeploymentError(
            f"{manifest.name} cannot be deployed to the stack {stack.name} in {stack.where}: its parameters "
            f"{', '.join(missing)} have no value, neither in that stack nor in the unit's settings. Set them under "
            f"parameters.{step.environment.name}, or give them a Default."
        )
    return Kept(tuple(name for name in open_ones if name in there), tags)


def tags_of(state: StackState) -> dict[str, str]:
    """A stack's tags that can be given to it."""
    return {name: value for name, value in state.tags.items() if not name.startswith(_TAGS_OF_AWS)}


def check_adoptable(state: StackState | None, manifest: Manifest, document: Mapping[str, Any], stack: Stack) -> None:
    """Check that a stack is the unit's own, or one that it may take over.

    Raises:
        DeploymentError: it is another unit's, it is broken, or the CDK's command line deploys it.
    """
    if state is None or state.tags.get(UNIT_TAG) == manifest.unit:
        return
    where = f"The stack {stack.name} in {stack.where}"
    if owner := state.tags.get(UNIT_TAG):
        raise DeploymentError(
            f"{where} belongs to the unit {owner}: give {manifest.unit} another stack_name, or {owner}, and merge."
        )
    if state.status in _BROKEN:
        raise DeploymentError(
            f"{where} is to be taken over by {manifest.unit}, and is in the state {state.status}, in which no stack "
            "can be updated. It was not made by the orchestrator, which does not delete it: delete it yourself, with "
            "what you want to keep retained, then retry."
        )
    theirs = sorted(name for name in state.parameters if name.startswith(_OF_CDK))
    if theirs and not _is_of_cdk(document):
        raise DeploymentError(
            f"{where} was deployed by the CDK's command line (it has the parameter {theirs[0]}), and the template of "
            f"{manifest.name} is none that the CDK wrote. Make the CDK app itself the unit, by its cdk.json."
        )


def _is_of_cdk(document: Mapping[str, Any]) -> bool:
    resources = [one for one in document.get("Resources", {}).values() if isinstance(one, dict)]
    return any(key in (one.get("Metadata") or {}) for one in resources for key in _CDK_METADATA)
