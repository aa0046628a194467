from datetime import UTC, datetime, timedelta

from orders.reference import new_reference

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_references_are_in_order_of_time():
    assert new_reference(NOON) < new_reference(NOON + timedelta(milliseconds=1))


def test_no_two_references_are_the_same():
    assert len({new_reference(NOON) for _ in range(100)}) == 100
