"""What commands that keep promotions back are given."""

from datetime import UTC, datetime

import pytest

from orchestrator.cli.controls import parse_moment
from orchestrator.errors import RequestError

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_moment_is_read_with_its_offset() -> None:
    """And told in UTC from then on."""
    assert parse_moment("2027-01-02T08:00+01:00", NOW) == datetime(2027, 1, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tomorrow", "is no moment"),
        ("2027-01-02T08:00", "does not say in which time zone"),
        ("2026-05-31T23:00Z", "is in the past"),
        ("9999-12-31T23:59:59-14:00", "is no moment"),
        ("0001-01-01T00:00:00+14:00", "is no moment"),
    ],
)
def test_what_is_none_is_refused_with_an_example_or_the_reason(text: str, said: str) -> None:
    """Also what no clock can show."""
    with pytest.raises(RequestError, match=said):
        parse_moment(text, NOW)
