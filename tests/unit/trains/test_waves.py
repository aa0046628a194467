"""Waves: each member once, after all it must come after, and no later than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import RequestError
from orchestrator.trains.waves import plan_waves, prerequisites

NAMES = [f"u{number}" for number in range(8)]


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]]]:
    """Members, and what units come after, without cycles: a unit is only after those that come before it in a list."""
    order = draw(st.permutations(NAMES))
    after = {
        name: draw(st.lists(st.sampled_from(order[:place]), unique=True)) if place else []
        for place, name in enumerate(order)
    }
    return draw(st.lists(st.sampled_from(NAMES), unique=True)), after


@given(orders())
def test_each_member_is_in_one_wave_after_all_it_comes_after(drawn: tuple[list[str], dict[str, list[str]]]) -> None:
    """Also where it is after another one only through a unit that is no member."""
    members, after = drawn
    waves = plan_waves(members, after)
    place = {unit: number for number, wave in enumerate(waves) for unit in wave}
    assert sorted(place) == sorted(members)
    for unit, before in prerequisites(members, after).items():
        assert all(place[one] < place[unit] for one in before)
        # No later than needed.
        assert place[unit] == (max(place[one] for one in before) + 1 if before else 0)


@given(orders())
def test_the_order_in_which_members_are_named_does_not_matter(drawn: tuple[list[str], dict[str, list[str]]]) -> None:
    """The same train has the same waves."""
    members, after = drawn
    assert plan_waves(members, after) == plan_waves(list(reversed(members)), after)


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
def test_a_cycle_is_refused_with_all_of_it(cycle: list[str]) -> None:
    """So that one knows where to cut it."""
    after = {one: [other] for one, other in zip(cycle, [*cycle[1:], cycle[0]], strict=True)}
    with pytest.raises(RequestError) as caught:
        plan_waves(cycle, after)
    said = str(caught.value).split("cycle: ")[1].split(". ")[0].split(" -> ")
    assert said[0] == said[-1]
    assert sorted(said[1:]) == sorted(cycle)


def test_a_cycle_that_leads_through_units_that_stay_is_one_too() -> None:
    """They are after each other all the same."""
    with pytest.raises(RequestError, match="a -> b -> a"):
        plan_waves(["a"], {"a": ["b"], "b": ["a"]})
