"""The thin layer over the table: consistent reads, whole queries, and conditional writes that answer yes or no."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from boto3.dynamodb.conditions import ConditionBase, Key
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    # Stubs alone: they are not installed where this runs.
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]


class Clock(Protocol):
    """Tells the time, in UTC."""

    def __call__(self) -> datetime:
        """Tell it."""


def unit_key(unit: str) -> str:
    """Partition of everything that belongs to one unit alone."""
    return f"UNIT#{unit}"


def stamp(time: datetime) -> str:
    """A time as stored: ISO 8601 in UTC with milliseconds, so that text sorts as time does."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class LedgerTable:
    """Reads and writes of the ledger's table.

    Args:
        table: the DynamoDB table, with the keys `pk` and `sk`.
        clock: tells the time that writes are stamped with.
    """

    def __init__(self, table: "Table", clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def now(self) -> str:
        """The time, as stored."""
        return stamp(self._clock())

    def get(self, pk: str, sk: str) -> Item | None:
        """Read one item, consistently."""
        return self._table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True).get("Item")

    def query(self, pk: str, prefix: str = "", *, newest_first: bool = False) -> Iterator[Item]:
        """Read a partition, page by page, optionally only the sort keys with a prefix."""
        condition: ConditionBase = Key("pk").eq(pk)
        if prefix:
            condition = condition & Key("sk").begins_with(prefix)
        start: dict[str, Any] = {}
        while True:
            page = self._table.query(
                KeyConditionExpression=condition, ScanIndexForward=not newest_first, ConsistentRead=True, **start
            )
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def put(self, item: Mapping[str, Any], condition: ConditionBase | None = None) -> bool:
        """Write an item; returns False when the condition on what is there does not hold."""
        extra: dict[str, Any] = {} if condition is None else {"ConditionExpression": condition}
        return self._conditionally(lambda: self._table.put_item(Item=_without_none(item), **extra))

    def delete(self, pk: str, sk: str, condition: ConditionBase | None = None) -> bool:
        """Delete an item; returns False when the condition on what is there does not hold."""
        extra: dict[str, Any] = {} if condition is None else {"ConditionExpression": condition}
        return self._conditionally(lambda: self._table.delete_item(Key={"pk": pk, "sk": sk}, **extra))

    def increment(self, pk: str, sk: str, attribute: str) -> int:
        """Add one to a number, which starts at 0, and return it."""
        answer = self._table.update_item(
            Key={"pk": pk, "sk": sk},
            UpdateExpression="ADD #attribute :one",
            ExpressionAttributeNames={"#attribute": attribute},
            ExpressionAttributeValues={":one": 1},
            ReturnValues="UPDATED_NEW",
        )
        return int(str(answer["Attributes"][attribute]))

    @staticmethod
    def _conditionally(write: Callable[[], object]) -> bool:
        try:
            write()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _without_none(item: Mapping[str, Any]) -> Item:
    return {name: value for name, value in item.items() if value is not None}
