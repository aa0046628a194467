"""Deployment windows: the times of a week, in a time zone of their own, in which an environment may be deployed to."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from orchestrator.config.base import Settings, worded

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
_WEEK = 7
# Windows repeat weekly; two weeks hold each way in which they can meet, whatever daylight saving does.
_HORIZON = timedelta(days=2 * _WEEK)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; valid are names such as 'Europe/Berlin' or 'UTC'") from error
    return name


ClockTime = Annotated[str, worded(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time is written such as '09:00'")]
Zone = Annotated[str, AfterValidator(_zone)]


class Window(Settings):
    """One window. When `to` is not after `from`, it ends on the next day."""

    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, description="The days on which it opens.")
    from_: ClockTime = Field(alias="from", description="When it opens, such as 09:00.")
    to: ClockTime = Field(description="When it closes; not a part of it.")
    timezone: Zone = Field(description="An IANA name; daylight saving is that zone's.")

    def spans(self, around: datetime) -> list[tuple[datetime, datetime]]:
        """Its openings in the week before and after a moment: beginnings and ends in UTC."""
        zone = ZoneInfo(self.timezone)
        today = around.astimezone(zone).date()
        days = (today + timedelta(days=offset) for offset in range(-_WEEK - 1, _WEEK + 2))
        spans = []
        for day in days:
            if DAYS[day.weekday()] in self.days:
                last = day if self.to > self.from_ else day + timedelta(days=1)
                begin = datetime.combine(day, time.fromisoformat(self.from_), zone).astimezone(UTC)
                end = datetime.combine(last, time.fromisoformat(self.to), zone).astimezone(UTC)
                # A time within the hour that daylight saving skips is an hour later: it may be after the end.
                if begin < end:
                    spans.append((begin, end))
        return spans


def all_open_at(groups: Sequence[Sequence[Window]], now: datetime) -> datetime | None:
    """The next moment at which a window of each list is open: `now` when that is so already, None for never."""
    moment = now
    while moment - now < _HORIZON:
        openings = [opens_at(windows, moment) for windows in groups]
        if None in openings:
            return None
        latest = max((opening for opening in openings if opening), default=moment)
        if latest == moment:
            return moment
        moment = latest
    return None


def opens_at(windows: Sequence[Window], now: datetime) -> datetime | None:
    """When an environment may be deployed to next: `now` when it is open or has no windows, None for never."""
    if not windows:
        return now
    begins = [max(begin, now) for window in windows for begin, end in window.spans(now) if now < end]
    return min(begins, default=None)
