"""Task tokens of approvals, in a table of their own: who holds one can answer the execution that waits."""

from datetime import timedelta
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from orchestrator.ledger.table import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# No execution runs for longer than a year.
_KEPT = timedelta(days=366)


class TokenRecords:
    """The tokens of all requests for approval.

    Args:
        table: the DynamoDB table, with the key `request`.
        clock: tells the time, in UTC.
    """

    def __init__(self, table: "Table", clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def keep(self, request: str, token: str) -> None:
        """Keep a request's token."""
        expires_at = int((self._clock() + _KEPT).timestamp())
        self._table.put_item(
            Item={"request": request, "token": token, "expires_at": expires_at},
            ConditionExpression=Attr("request").not_exists() | Attr("token").eq(token),
        )

    def token(self, request: str) -> str | None:
        """The token of a request; None when it is not known any more."""
        item = self._table.get_item(Key={"request": request}, ConsistentRead=True).get("Item")
        return str(item["token"]) if item else None
