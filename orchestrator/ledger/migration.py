"""Moves the items of an older ledger, in which one partition of each unit held everything, to partitions by writer.

Bootstrap copies them before it brings the Lambdas up to date and moves them afterwards, so that neither the old ones
nor the new ones look for anything in vain. Task tokens are left behind: what waits for a decision is to be retried.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.decisions.document import train_subject
from orchestrator.frozen import dataclass
from orchestrator.ledger.partitions import (
    APPROVALS,
    DECISIONS,
    DELETIONS,
    FAILED_BUILDS,
    GOOD,
    LOCKS,
    MIGRATIONS,
    PROMOTIONS,
    RELEASES,
    STAGES,
    Partition,
)
from orchestrator.ledger.table import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_UNIT, _TRAIN, _ENVIRONMENT = "UNIT#", "TRAIN#", "ENVIRONMENT#"
_DONE = "partitions"
_RELEASE_KINDS = ("RELEASE#", "DIGEST#", "VERSION#", "LAYER#", "LAYERS", "DECLARED#")


def copy_items(table: "Table") -> int:
    """Copy what is not in its new place yet; returns how many items there were."""
    return _carry(table, lambda _: None) or 0


def migrate(table: "Table") -> int:
    """Move everything to its new place, once for all; returns how many items there were.

    Doing so again changes nothing, also after it was interrupted. What lies in a new place already stays as it is. Once
    all is moved, nothing is looked for any more: what somebody puts into an old place later is never taken over.
    """
    moved = _carry(table, lambda old: old.remove(table))
    if moved is not None:
        table.put_item(Item={"pk": MIGRATIONS.key(), "sk": _DONE})
    return moved or 0


@dataclass(frozen=True)
class _Old:
    """An item in its old place, and what it is in its new one."""

    item: Item
    new: Item
    stays: bool = False

    def remove(self, table: "Table") -> None:
        """Take it away from its old place; of one that stays there, what was carried over."""
        key = {"pk": self.item["pk"], "sk": self.item["sk"]}
        if self.stays:
            table.update_item(Key=key, UpdateExpression="REMOVE #good", ExpressionAttributeNames={"#good": "good"})
        else:
            table.delete_item(Key=key)


def _carry(table: "Table", then: Callable[[_Old], object]) -> int | None:
    """Put old items into their new places; None where that was done before, or there is no ledger."""
    try:
        if "Item" in table.get_item(Key={"pk": MIGRATIONS.key(), "sk": _DONE}, ConsistentRead=True):
            return None
        found = [old for item in _scan(table) if (old := _old(item))]
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
    for old in found:
        _put_new(table, old.new)
        then(old)
    return len(found)


def _scan(table: "Table") -> Iterator[Item]:
    start: dict[str, Any] = {}
    while True:
        page = table.scan(ConsistentRead=True, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _put_new(table: "Table", item: Item) -> None:
    try:
        table.put_item(Item=item, ConditionExpression=Attr("pk").not_exists())
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise


def _old(item: Item) -> _Old | None:
    """What an item becomes; None when it is where it belongs."""
    pk, sk = str(item["pk"]), str(item["sk"])
    if pk.startswith(_UNIT):
        return _Old(item, _of_unit(item, pk.removeprefix(_UNIT), sk))
    if pk.startswith(_TRAIN) and sk != "TRAIN":
        return _Old(item, _of_train(item, pk.removeprefix(_TRAIN), sk))
    if pk.startswith(_ENVIRONMENT) and "good" in item:
        good = {"good": item["good"], "order": item.get("order", "")}
        return _Old(item, {"pk": GOOD.key(pk.removeprefix(_ENVIRONMENT)), "sk": sk, **good}, stays=True)
    return None


def _of_unit(item: Item, unit: str, sk: str) -> Item:
    if sk.startswith(_RELEASE_KINDS):
        return {**item, "pk": RELEASES.key(unit)}
    if sk.startswith("PROMOTION#"):
        return {**item, "pk": PROMOTIONS.key(unit)}
    kinds: dict[str, Partition] = {
        "FAILED-BUILD#": FAILED_BUILDS,
        "LOCK#": LOCKS,
        "DELETED#": DELETIONS,
    }
    for prefix, partition in kinds.items():
        if sk.startswith(prefix):
            return {**item, "pk": partition.key(unit), "sk": sk.removeprefix(prefix)}
    return _of_subject(item, unit, sk)


def _of_train(item: Item, train: str, sk: str) -> Item:
    if sk.startswith(("STAGE#", "MEMBER#")):
        return {**item, "pk": STAGES.key(train)}
    return _of_subject(item, train_subject(train), sk)


def _of_subject(item: Item, subject: str, sk: str) -> Item:
    """What people are asked and have decided. What waits is closed: it goes on under another definition."""
    if sk.startswith("APPROVAL#"):
        kept = {name: value for name, value in item.items() if name != "token"}
        status = "EXPIRED" if item.get("status") == "PENDING" else item.get("status")
        new = {"pk": APPROVALS.key(subject), "sk": sk.removeprefix("APPROVAL#"), "id": "", "entries": []}
        return {**kept, **new, "status": status}
    if sk.startswith("DECISION#"):
        return {**item, "pk": DECISIONS.key(subject), "sk": sk.removeprefix("DECISION#")}
    # Of an orchestrator that nobody knows any more: kept where nothing reads it.
    return {**item, "pk": MIGRATIONS.key(), "sk": f"{item['pk']}#{sk}"}
