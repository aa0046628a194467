"""Statements of policies."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam

from infra.tooling.conditions import ONLY_MERGES, ONLY_PUSHES
from infra.tooling.names import Names

_LEADING = "dynamodb:LeadingKeys"
Statements = list[iam.PolicyStatement]


def allow(
    actions: list[str], resources: list[str], conditions: Mapping[str, object] | None = None
) -> iam.PolicyStatement:
    """A statement that allows some actions on some resources."""
    return iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)


def deny(
    actions: list[str], resources: list[str], conditions: Mapping[str, object] | None = None
) -> iam.PolicyStatement:
    """A statement that denies some actions on some resources, whatever else allows them."""
    return iam.PolicyStatement(effect=iam.Effect.DENY, actions=actions, resources=resources, conditions=conditions)


def within(partitions: Sequence[str]) -> Mapping[str, object]:
    """Limits calls of DynamoDB to partitions, by patterns; a call that names none is not within them."""
    return {"ForAllValues:StringLike": {_LEADING: list(partitions)}, "Null": {_LEADING: "false"}}


def tell_of_merges(names: Names) -> iam.PolicyStatement:
    """A statement that allows to put merge events on the bus, and no others: those are other systems' own."""
    return allow(["events:PutEvents"], [names.event_bus], ONLY_MERGES)


def tell_of_pushes(names: Names) -> iam.PolicyStatement:
    """A statement that allows to put events that tell who pushed, and no others."""
    return allow(["events:PutEvents"], [names.event_bus], ONLY_PUSHES)
