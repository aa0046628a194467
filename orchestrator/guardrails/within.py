"""Comparison of lists that a merge may narrow and never widen: patterns of approvers, and deployment windows."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from orchestrator.config.windows import DAYS, Window

_DAY = 24 * 60
_WEEK = len(DAYS) * _DAY
# These mean something in a pattern besides `*`, so one pattern cannot be shown to be within another one.
_NOT_UNDERSTOOD = frozenset("?[]")


def approvers_within(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    """Whether everybody whom one list of patterns names is named by the other one, too.

    No patterns name everybody. What cannot be shown is taken for no.
    """
    if not wide:
        return True
    return bool(narrow) and all(any(_pattern_within(one, other) for other in wide) for one in narrow)


def _pattern_within(narrow: str, wide: str) -> bool:
    if narrow == wide:
        return True
    # A `*` of the narrow pattern is matched by a `*` of the wide one only, which then matches all that it stands for.
    return not _NOT_UNDERSTOOD & {*narrow, *wide} and fnmatchcase(narrow, wide)


def windows_within(narrow: Sequence[Window], wide: Sequence[Window]) -> bool:
    """Whether one list of windows is open only while the other one is; no windows are open always.

    Windows of different time zones cannot be compared, since daylight saving moves them against each other: what
    cannot be shown is taken for no.
    """
    if not wide or tuple(narrow) == tuple(wide):
        return True
    if not narrow or len({window.timezone for window in (*narrow, *wide)}) > 1:
        return False
    return _minutes(narrow) <= _minutes(wide)


def _minutes(windows: Sequence[Window]) -> set[int]:
    """The minutes of a week in which one of some windows is open."""
    return {
        (DAYS.index(day) * _DAY + minute) % _WEEK
        for window in windows
        for day in window.days
        for minute in range(*_span(window))
    }


def _span(window: Window) -> tuple[int, int]:
    begin, end = _minute(window.from_), _minute(window.to)
    return begin, end if end > begin else end + _DAY


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
