"""The ledger's table, that of tokens and the bucket of decisions, as the infrastructure makes them, in moto."""

from typing import TYPE_CHECKING

import boto3

from orchestrator.decisions.records import DecisionRecords

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_KEYS = ("pk", "sk")


def make_tokens_table(session: boto3.Session, name: str = "tokens") -> "Table":
    """Make the table of approvals' tokens, empty."""
    return session.resource("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "request", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "request", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def make_decisions_bucket(session: boto3.Session, name: str = "decisions") -> DecisionRecords:
    """Make the bucket of decisions, empty: versioned, and locked for a day."""
    s3 = session.client("s3")
    region = session.region_name
    s3.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]  # Any region.
    )
    s3.put_object_lock_configuration(
        Bucket=name,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
        },
    )
    return DecisionRecords(s3, name)


def make_ledger_table(session: boto3.Session, name: str = "ledger") -> "Table":
    """Make it, empty."""
    return session.resource("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in _KEYS],
        BillingMode="PAY_PER_REQUEST",
    )
