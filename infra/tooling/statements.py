"""Statements of policies."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam

from infra.tooling.conditions import ONLY_MERGES
from infra.tooling.names import Names

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


def tell_of_merges(names: Names) -> iam.PolicyStatement:
    """A statement that allows to put merge events on the bus, and no others: those are other systems' own."""
    return allow(["events:PutEvents"], [names.event_bus], ONLY_MERGES)
