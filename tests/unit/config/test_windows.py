"""Deployment windows, across weeks and the changes of daylight saving."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.config.windows import DAYS, Window, opens_at

TIMES = st.times().map(lambda time: f"{time:%H:%M}")
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
)
WINDOWS = st.builds(
    lambda days, begin, end, zone: Window.model_validate(
        {"days": sorted(days, key=DAYS.index), "from": begin, "to": end, "timezone": zone}
    ),
    st.sets(st.sampled_from(DAYS), min_size=1),
    TIMES,
    TIMES,
    ZONES,
)
MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis adds the zone.


def berlin(text: str) -> datetime:
    """A moment as clocks in Berlin show it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def window(begin: str, end: str, *days: str) -> Window:
    """A window in Berlin."""
    return Window.model_validate({"days": days or DAYS, "from": begin, "to": end, "timezone": "Europe/Berlin"})


@given(st.lists(WINDOWS, min_size=1, max_size=3), MOMENTS)
def test_it_is_open_when_it_says_it_opens_and_closed_until_then(windows: list[Window], now: datetime) -> None:
    """At the opening itself, and not a minute before it unless that is now."""
    opening = opens_at(windows, now)
    assert opening is not None
    assert now <= opening <= now + timedelta(days=8)
    assert opens_at(windows, opening) == opening
    if opening > now:
        before = max(now, opening - timedelta(minutes=1))
        assert opens_at(windows, before) == opening


@given(WINDOWS, MOMENTS)
def test_more_windows_never_close_anything(one: Window, now: datetime) -> None:
    """An environment is open when any of them is."""
    alone = opens_at([one], now)
    both = opens_at([one, window("00:00", "00:00")], now)
    assert alone is not None
    assert both == now


def test_without_windows_it_is_always_open() -> None:
    """They are optional."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert opens_at([], now) == now


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-11-24T09:00", "2026-11-24T09:00"),
        ("2026-11-24T15:59", "2026-11-24T15:59"),
        ("2026-11-24T16:00", "2026-11-25T09:00"),
        ("2026-11-27T16:00", "2026-11-30T09:00"),
        # Over the night in which clocks go forward, and the one in which they go back: nine is nine.
        ("2027-03-26T17:00", "2027-03-29T09:00"),
        ("2026-10-23T17:00", "2026-10-26T09:00"),
    ],
)
def test_office_hours(now: str, opening: str) -> None:
    """From nine to four, on workdays."""
    office = window("09:00", "16:00", "mon", "tue", "wed", "thu", "fri")
    assert opens_at([office], berlin(now)) == berlin(opening)


def test_a_window_over_midnight_ends_on_the_next_day() -> None:
    """Also when that is not one of its days."""
    night = window("22:00", "02:00", "sat")
    assert opens_at([night], berlin("2026-11-29T01:59")) == berlin("2026-11-29T01:59")
    assert opens_at([night], berlin("2026-11-29T02:00")) == berlin("2026-12-05T22:00")


def test_in_the_hour_that_does_not_exist_a_window_moves_or_does_not_open() -> None:
    """In the night of 2027-03-28, clocks in Berlin go from two to three."""
    night = berlin("2027-03-28T00:00")
    assert opens_at([window("02:15", "02:45", "sun")], night) == berlin("2027-03-28T03:15")
    assert opens_at([window("02:15", "03:00", "sun")], night) == berlin("2027-04-04T02:15")


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "9:00"},
        {"to": "24:00"},
        {"timezone": "Berlin"},
        {"timezone": "../etc"},
        {"days": ["monday"]},
        {"days": []},
    ],
)
def test_what_is_no_window_is_refused(wrong: dict[str, object]) -> None:
    """Pydantic names the key."""
    with pytest.raises(ValidationError):
        Window.model_validate({"from": "09:00", "to": "16:00", "timezone": "UTC", **wrong})
