"""The ledger's table, as the infrastructure makes it, in moto."""

from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_KEYS = ("pk", "sk")


def make_ledger_table(session: boto3.Session, name: str = "ledger") -> "Table":
    """Make it, empty."""
    return session.resource("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in _KEYS],
        BillingMode="PAY_PER_REQUEST",
    )
