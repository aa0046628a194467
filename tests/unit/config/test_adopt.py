"""Stacks that are taken over, by name or by what their names begin with."""

from fnmatch import fnmatchcase

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.config.organization import Adopt

_STACKS = st.from_regex(r"[ab][ab-]{0,3}", fullmatch=True)


@given(st.lists(st.builds("{}{}".format, _STACKS, st.sampled_from(["", "*", "-*"])), max_size=4), _STACKS)
@example(["a"], "ab")
@example(["a*"], "a")
@example([], "a")
def test_a_stack_is_adopted_by_its_name_or_by_what_it_begins_with(patterns: list[str], stack: str) -> None:
    """As each pattern says by itself."""
    assert Adopt(stacks=tuple(patterns)).holds(stack) == any(fnmatchcase(stack, one) for one in patterns)
