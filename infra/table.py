"""A table whose items are found by partition and sort key: encrypted, recoverable, kept when its stack goes."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct


def keyed_table(scope: Construct, logical: str, name: str, **more: Any) -> dynamodb.Table:
    """Make one.

    Args:
        scope: the stack.
        logical: its logical id.
        name: the table's name.
        more: further properties of `dynamodb.Table`.
    """
    return dynamodb.Table(
        scope,
        logical,
        table_name=name,
        partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.AWS_MANAGED,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        # Kept when the stack goes, but not when the stack never came to be: the next try could not make it then.
        removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        **more,
    )
