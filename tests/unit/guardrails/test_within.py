"""Lists that a merge may narrow and never widen."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.windows import DAYS, Window
from orchestrator.guardrails.within import approvers_within, windows_within

PATTERNS = st.lists(st.text("ab*", min_size=1, max_size=4), max_size=3)


@given(PATTERNS, PATTERNS, st.text("ab", max_size=6))
def test_whom_a_narrower_list_names_the_wider_one_names_too(narrow: list[str], wide: list[str], who: str) -> None:
    """Whatever patterns they are made of; no patterns name everybody."""

    def names(patterns: list[str]) -> bool:
        return not patterns or any(fnmatchcase(who, pattern) for pattern in patterns)

    if approvers_within(narrow, wide) and names(narrow):
        assert names(wide)


@pytest.mark.parametrize(
    ("narrow", "wide", "within"),
    [
        (["role/a"], ["role/*"], True),
        (["role/a*"], ["role/*"], True),
        (["role/*"], ["role/a*"], False),
        ([], ["role/*"], False),
        (["role/a"], [], True),
        (["role/?"], ["role/*"], False),
        (["role/[ab]"], ["role/[ab]"], True),
    ],
)
def test_what_cannot_be_shown_is_not_within(narrow: list[str], wide: list[str], within: bool) -> None:  # noqa: FBT001  # A case.
    """Patterns with more than `*` are within themselves only."""
    assert approvers_within(narrow, wide) is within


def window(days: set[str], begin: int, end: int, zone: str = "Europe/Berlin") -> Window:
    """A window of whole hours."""
    text = {"days": sorted(days), "from": f"{begin:02}:00", "to": f"{end:02}:00", "timezone": zone}
    return Window.model_validate(text)


HOURS = st.integers(0, 23)
WINDOWS = st.lists(st.builds(window, st.sets(st.sampled_from(DAYS), min_size=1), HOURS, HOURS), max_size=2)


@given(WINDOWS, WINDOWS)
def test_both_are_within_each_other_only_when_they_are_open_at_the_same_times(
    one: list[Window], other: list[Window]
) -> None:
    """And a list is within itself, and within no windows, which are open always."""
    assert windows_within(one, one)
    assert windows_within(one, [])
    if windows_within(one, other):
        assert windows_within([*one, *other], other) or not one


def test_a_window_that_ends_on_the_next_day_is_compared_there() -> None:
    """Sunday's goes on in Monday's first hours."""
    over_midnight = [window({"sun"}, 22, 2)]
    assert windows_within(over_midnight, [window({"sun"}, 20, 3)])
    assert not windows_within(over_midnight, [window({"sun"}, 20, 1)])


def test_windows_of_other_time_zones_are_not_within() -> None:
    """Daylight saving moves them against each other."""
    assert not windows_within([window({"mon"}, 10, 11, "America/New_York")], [window(set(DAYS), 0, 23)])
