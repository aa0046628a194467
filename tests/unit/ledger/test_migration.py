"""Items of an older ledger come to their new places, whatever is killed on the way."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from orchestrator.ledger.migration import copy_items, migrate
from tests.ledger_table import make_ledger_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]
NAMES = count(1)
# What a unit's one partition held, and a train's, and what was good in an environment.
OLD: list[Item] = [
    {"pk": "UNIT#orders", "sk": "RELEASE#1.0", "version": "1.0"},
    {"pk": "UNIT#orders", "sk": "DIGEST#d", "version": "1.0"},
    {"pk": "UNIT#orders", "sk": "VERSION#1.0", "digest": "d"},
    {"pk": "UNIT#orders", "sk": "LAYERS", "last": 2},
    {"pk": "UNIT#orders", "sk": "LAYER#h", "number": 2},
    {"pk": "UNIT#orders", "sk": "DECLARED#h", "layer": 2},
    {"pk": "UNIT#orders", "sk": "PROMOTION#2026#run", "status": "SUCCEEDED"},
    {"pk": "UNIT#orders", "sk": "FAILED-BUILD#run", "error": "BuildError"},
    {"pk": "UNIT#orders", "sk": "APPROVAL#prod", "status": "PENDING", "token": "secret"},
    {"pk": "UNIT#orders", "sk": "APPROVAL#test", "status": "APPROVED", "token": "secret"},
    {"pk": "UNIT#orders", "sk": "DECISION#2026#prod#gate", "status": "APPROVED"},
    {"pk": "UNIT#orders", "sk": "DELETED#2026", "by": "somebody"},
    {"pk": "UNIT#orders", "sk": "LOCK#prod", "id": "run"},
    {"pk": "UNIT#orders", "sk": "SOMETHING#else", "of": "long ago"},
    {"pk": "TRAIN#t", "sk": "TRAIN", "status": "RUNNING"},
    {"pk": "TRAIN#t", "sk": "STAGE#prod", "parts": {}},
    {"pk": "TRAIN#t", "sk": "MEMBER#run", "unit": "orders"},
    {"pk": "TRAIN#t", "sk": "APPROVAL#prod", "status": "PENDING", "token": "secret"},
    {"pk": "TRAIN#t", "sk": "DECISION#2026#prod#gate", "status": "REJECTED"},
    {"pk": "ENVIRONMENT#prod", "sk": "orders", "version": "1.0", "order": "2026", "good": ["1.0"]},
    {"pk": "ENVIRONMENT#prod", "sk": "stock", "version": "1.0", "order": "2026"},
    {"pk": "HOLD", "sk": "orders#prod", "reason": "why"},
]
CLOSED = {"id": "", "entries": [], "status": "EXPIRED"}
NEW: list[Item] = [
    {"pk": "RELEASES#orders", "sk": "RELEASE#1.0", "version": "1.0"},
    {"pk": "RELEASES#orders", "sk": "DIGEST#d", "version": "1.0"},
    {"pk": "RELEASES#orders", "sk": "VERSION#1.0", "digest": "d"},
    {"pk": "RELEASES#orders", "sk": "LAYERS", "last": 2},
    {"pk": "RELEASES#orders", "sk": "LAYER#h", "number": 2},
    {"pk": "RELEASES#orders", "sk": "DECLARED#h", "layer": 2},
    {"pk": "PROMOTIONS#orders", "sk": "PROMOTION#2026#run", "status": "SUCCEEDED"},
    {"pk": "FAILED-BUILDS#orders", "sk": "run", "error": "BuildError"},
    {"pk": "APPROVALS#orders", "sk": "prod", **CLOSED},
    {"pk": "APPROVALS#orders", "sk": "test", **CLOSED, "status": "APPROVED"},
    {"pk": "DECISIONS#orders", "sk": "2026#prod#gate", "status": "APPROVED"},
    {"pk": "DELETIONS#orders", "sk": "2026", "by": "somebody"},
    {"pk": "LOCKS#orders", "sk": "prod", "id": "run"},
    {"pk": "MIGRATION", "sk": "UNIT#orders#SOMETHING#else", "of": "long ago"},
    {"pk": "TRAIN#t", "sk": "TRAIN", "status": "RUNNING"},
    {"pk": "STAGES#t", "sk": "STAGE#prod", "parts": {}},
    {"pk": "STAGES#t", "sk": "MEMBER#run", "unit": "orders"},
    {"pk": "APPROVALS#train/t", "sk": "prod", **CLOSED},
    {"pk": "DECISIONS#train/t", "sk": "2026#prod#gate", "status": "REJECTED"},
    {"pk": "ENVIRONMENT#prod", "sk": "orders", "version": "1.0", "order": "2026"},
    {"pk": "GOOD#prod", "sk": "orders", "good": ["1.0"], "order": "2026"},
    {"pk": "ENVIRONMENT#prod", "sk": "stock", "version": "1.0", "order": "2026"},
    {"pk": "HOLD", "sk": "orders#prod", "reason": "why"},
    {"pk": "MIGRATION", "sk": "partitions"},
]


class StoppedError(Exception):
    """The process ends."""


class Interrupted:
    """A table whose caller is killed after so many writes."""

    def __init__(self, table: "Table", writes: int) -> None:
        self._table = table
        self._left = writes

    def __getattr__(self, name: str) -> Any:
        if name in ("put_item", "delete_item", "update_item"):
            if self._left == 0:
                raise StoppedError
            self._left -= 1
        return getattr(self._table, name)


@cache
def session() -> boto3.Session:
    """One for all examples."""
    return boto3.Session(region_name="eu-west-1")


@contextmanager
def ledger(items: list[Item]) -> Iterator["Table"]:
    """A ledger with some items."""
    with mock_aws():
        table = make_ledger_table(session(), f"ledger-{next(NAMES)}")
        for item in items:
            table.put_item(Item=item)
        yield table


def items(table: "Table") -> list[Item]:
    """All that is in a ledger, in one order."""
    return in_order(table.scan()["Items"])


def in_order(found: list[Item]) -> list[Item]:
    """Some items in one order."""
    return sorted(found, key=lambda one: (one["pk"], one["sk"]))


def test_everything_comes_to_its_place_and_no_token_with_it() -> None:
    """Once; a second time changes nothing."""
    with ledger(OLD) as table:
        for _ in range(2):
            migrate(table)
            assert items(table) == in_order(NEW)
        assert "secret" not in str(items(table))


@settings(max_examples=25)
@given(copied=st.integers(0, 60), writes=st.lists(st.integers(0, 60), max_size=3), order=st.permutations(OLD))
def test_killed_anywhere_and_run_again_is_as_run_once(copied: int, writes: list[int], order: list[Item]) -> None:
    """Copying before, and moving after, each of them killed after some writes."""
    with ledger(order) as table:
        for act, number in ((copy_items, copied), *((migrate, one) for one in writes)):
            interrupted: Any = Interrupted(table, number)
            with suppress(StoppedError):
                act(interrupted)
        migrate(table)
        assert items(table) == in_order(NEW)


def test_what_new_lambdas_have_written_stays() -> None:
    """Between copying and moving, a release was published and a lock was taken."""
    with ledger(OLD) as table:
        copy_items(table)
        table.put_item(Item={"pk": "LOCKS#orders", "sk": "prod", "id": "newer"})
        migrate(table)
        assert table.get_item(Key={"pk": "LOCKS#orders", "sk": "prod"})["Item"]["id"] == "newer"


@pytest.mark.parametrize("act", [copy_items, migrate])
def test_what_somebody_puts_into_an_old_place_later_is_never_taken_over(act: Any) -> None:
    """Else who may write where nobody looks would write what was good, at the next bootstrap."""
    with ledger([]) as table:
        migrate(table)
        for item in OLD:
            table.put_item(Item=item)
        assert act(table) == 0
        assert items(table) == in_order([*OLD, {"pk": "MIGRATION", "sk": "partitions"}])


@pytest.mark.parametrize("act", [copy_items, migrate])
def test_without_a_ledger_nothing_is_done(act: Any) -> None:
    """The first bootstrap has none yet."""
    with mock_aws():
        assert act(session().resource("dynamodb").Table("no-such")) == 0
