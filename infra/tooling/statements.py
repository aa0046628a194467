"""Statements of policies."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam

from infra.tooling.names import Names
from orchestrator.aws.merge_event import DETAIL_TYPE, SOURCE

_LEADING = "dynamodb:LeadingKeys"
Statements = list[iam.PolicyStatement]


def allow(
    actions: list[str], resources: list[str], conditions: Mapping[str, object] | None = None
) -> iam.PolicyStatement:
    """A statement that allows some actions on some resources."""
    return iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)


def within(partitions: Sequence[str]) -> Mapping[str, object]:
    """Limits calls of DynamoDB to partitions, by patterns; a call that names none is not within them."""
    return {"ForAllValues:StringLike": {_LEADING: list(partitions)}, "Null": {_LEADING: "false"}}


def tell_of_merges(names: Names) -> iam.PolicyStatement:
    """A statement that allows to put merge events on the bus, and no others: those are other systems' own."""
    # One call may carry several events, each with a source and a type: all of them must be ours.
    ours = {"events:source": [SOURCE], "events:detail-type": [DETAIL_TYPE]}
    return allow(["events:PutEvents"], [names.event_bus], {"ForAllValues:StringEquals": ours})
