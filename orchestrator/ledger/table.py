"""The thin layer over the table: consistent reads, whole queries, and conditional writes that answer yes or no."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from boto3.dynamodb.conditions import ConditionBase, Key
from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from orchestrator.aws.errors import error_code
from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    # Stubs alone: they are not installed where this runs.
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]
# What DynamoDB takes at once: keys of one read, and operations of one transaction.
_READS, _WRITES = 100, 100
_TRIES = 8
# Why a transaction was cancelled: nothing is wrong with it, or what it expected is not so.
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_CHECK_FAILED = "ConditionalCheckFailed"


@dataclass(frozen=True)
class Update:
    """Attributes of one item that are to be set; its others stay as they are."""

    pk: str
    sk: str
    values: Mapping[str, Any]


class LedgerBusyError(OrchestratorError):
    """The ledger could not be read or written, because others wrote the same at the same time."""


class Clock(Protocol):
    """Tells the time, in UTC."""

    def __call__(self) -> datetime:
        """Tell it."""


def stamp(time: datetime) -> str:
    """A time as stored: ISO 8601 in UTC with milliseconds, so that text sorts as time does."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class LedgerTable:
    """Reads and writes of the ledger's table.

    Args:
        table: the DynamoDB table, with the keys `pk` and `sk`.
        clock: tells the time that writes are stamped with.
        sleep: waits that many seconds.
    """

    def __init__(self, table: "Table", clock: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = table
        self._clock = clock
        self._sleep = sleep

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

    def get_many(self, keys: Iterable[tuple[str, str]]) -> Iterator[Item]:
        """Read those of many items that are there, consistently, a hundred at a time."""
        waiting = [{"pk": pk, "sk": sk} for pk, sk in dict.fromkeys(keys)]
        client, name = self._table.meta.client, self._table.name
        for _ in range(len(waiting) // _READS + _TRIES):
            if not waiting:
                return
            now, later = waiting[:_READS], waiting[_READS:]
            answer = client.batch_get_item(RequestItems={name: {"Keys": now, "ConsistentRead": True}})
            yield from answer["Responses"].get(name, ())
            left: Any = answer["UnprocessedKeys"].get(name, {"Keys": []})
            waiting = [*left["Keys"], *later]
        if waiting:
            raise LedgerBusyError(f"The ledger did not answer for {len(waiting)} items: try again later.")

    def update(self, pk: str, sk: str, values: Mapping[str, Any]) -> None:
        """Set attributes of an item, which comes to be when it is not there."""
        self._table.update_item(Key={"pk": pk, "sk": sk}, **_set(values))

    def update_all(self, updates: list[Update]) -> None:
        """Update up to a hundred items, or none of them when that fails.

        Raises:
            LedgerBusyError: others kept on writing the same items.
        """
        self._transact(list(map(self._update, updates)))

    def update_each(self, updates: list[Update]) -> None:
        """Update any number of items, a hundred at a time; when that fails, some may be written and others not.

        Raises:
            LedgerBusyError: others kept on writing the same items.
        """
        for at in range(0, len(updates), _WRITES):
            self.update_all(updates[at : at + _WRITES])

    def transact(self, updates: list[Update], guard: tuple[str, str], expected: Mapping[str, Any]) -> bool:
        """Update any number of items, up to 99 at once, each time only if another item is as expected.

        Returns:
            False when it was not, from then on nothing was written.

        Raises:
            LedgerBusyError: others kept on writing the same items.
        """
        expression = _set(expected)
        check = {
            "ConditionCheck": {
                "TableName": self._table.name,
                "Key": dict(zip(("pk", "sk"), guard, strict=True)),
                **expression,
                "ConditionExpression": expression["UpdateExpression"].removeprefix("SET ").replace(", ", " AND "),
            }
        }
        del check["ConditionCheck"]["UpdateExpression"]
        size = _WRITES - 1
        return all(
            self._transact([check, *map(self._update, updates[at : at + size])]) for at in range(0, len(updates), size)
        )

    def _update(self, update: Update) -> dict[str, Any]:
        key = {"pk": update.pk, "sk": update.sk}
        return {"Update": {"TableName": self._table.name, "Key": key, **_set(update.values)}}

    def _transact(self, items: list[dict[str, Any]]) -> bool:
        retrying = Retrying(
            retry=retry_if_exception(_is_conflict),
            wait=wait_exponential_jitter(multiplier=0.05, max=5),
            stop=stop_after_attempt(_TRIES),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            retrying(self._table.meta.client.transact_write_items, TransactItems=items)
        except ClientError as error:
            if _CHECK_FAILED in _cancelled_by(error):
                return False
            if _is_conflict(error):
                raise LedgerBusyError("The ledger is written by too many at once: try again later.") from error
            raise
        return True

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
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _without_none(item: Mapping[str, Any]) -> Item:
    return {name: value for name, value in item.items() if value is not None}


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an update that sets attributes."""
    numbered = list(enumerate(values.items()))
    return {
        "UpdateExpression": "SET " + ", ".join(f"#a{number} = :v{number}" for number, _ in numbered),
        "ExpressionAttributeNames": {f"#a{number}": name for number, (name, _) in numbered},
        "ExpressionAttributeValues": {f":v{number}": value for number, (_, value) in numbered},
    }


def _cancelled_by(error: BaseException) -> set[str]:
    """The reasons of a transaction that was cancelled; none for other errors."""
    reasons = error.response.get("CancellationReasons", []) if isinstance(error, ClientError) else []
    return {str(one.get("Code")) for one in reasons} - {"None"}


def _is_conflict(error: BaseException) -> bool:
    """Whether a transaction was cancelled for nothing but what passes."""
    reasons = _cancelled_by(error)
    return bool(reasons) and reasons <= _PASSING
