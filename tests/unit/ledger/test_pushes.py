"""Pushes in the ledger."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import boto3
import pytest
from moto import mock_aws

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.pushes import NotedPush
from tests.ledger_table import make_ledger_table

START = datetime(2026, 1, 1, tzinfo=UTC)
PUSH = NotedPush(START, "1" * 40, "github:ada")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """An empty ledger."""
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        yield Ledger(make_ledger_table(session), lambda: START)


def test_a_push_is_found_by_each_unit_that_it_touched(ledger: Ledger) -> None:
    """With that unit's digest; by any number of units."""
    ledger.pushes.note(PUSH, {f"unit{number}": f"digest{number}" for number in range(230)})
    for number in (0, 99, 100, 229):
        (found,) = ledger.pushes.of([f"unit{number}"])
        assert found == NotedPush(PUSH.at, PUSH.commit, PUSH.pushed_by, f"digest{number}")
    assert ledger.pushes.of(["unit230"]) == []


def test_a_push_that_is_told_again_is_the_same(ledger: Ledger) -> None:
    """Also where the time is written otherwise; with another time, commit or person it is another one."""
    elsewhere = PUSH.at.astimezone(timezone(timedelta(hours=9)))
    same = (PUSH, PUSH, NotedPush(elsewhere, PUSH.commit, PUSH.pushed_by))
    others = (
        NotedPush(START + timedelta(seconds=1), PUSH.commit, PUSH.pushed_by),
        NotedPush(START, "2" * 40, PUSH.pushed_by),
        NotedPush(START, PUSH.commit, "github:ben"),
    )
    for push in (*same, *others):
        ledger.pushes.note(push, {"orders": ""})
    assert set(ledger.pushes.of(["orders"])) == {PUSH, *others}


def test_a_push_that_touched_a_unit_and_its_folder_is_one(ledger: Ledger) -> None:
    """The unit was broken in between."""
    ledger.pushes.note(PUSH, {"orders": "", "/projects/orders": ""})
    assert ledger.pushes.of(["orders", "/projects/orders"]) == [PUSH]


def test_the_longest_name_fits(ledger: Ledger) -> None:
    """Sort keys have 1,024 bytes at most."""
    push = NotedPush(START, "1" * 64, "x" * 640)
    ledger.pushes.note(push, {"orders": ""})
    assert ledger.pushes.of(["orders"]) == [push]
