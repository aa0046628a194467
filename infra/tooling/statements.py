"""Statements of policies."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam

Statements = list[iam.PolicyStatement]


def allow(
    actions: list[str], resources: list[str], conditions: Mapping[str, object] | None = None
) -> iam.PolicyStatement:
    """A statement that allows some actions on some resources."""
    return iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)
