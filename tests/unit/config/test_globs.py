"""Globs that are matched together, beside the plainest way of matching each by itself."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.config.globs import Globs, escaped, parts_of

_NAMES = st.sampled_from(["a", "b", "ab", "a.yaml", "[a]", "*", "**", ".a", "a*", "\n", "é", "A", "a\nb"])
_PARTS = st.one_of(
    st.just("**"),
    st.sampled_from(["*", "?", "a", "b", "a*", "*b", "*.yaml", "[ab]", "[!a]", "[[]a]", "[", "a**b", "***", ".", ""]),
    _NAMES,
    st.text("ab*?[]!.-", max_size=4),
)
_GLOBS = st.lists(_PARTS, max_size=5).map("/".join)
_PATHS = st.lists(_NAMES, max_size=5).map("/".join)


def fits(path: tuple[str, ...], glob: tuple[str, ...]) -> bool:
    """Whether a glob matches a path, both in parts: what the documentation says, word by word."""
    if not glob:
        return not path
    if glob[0] == "**":
        return any(fits(path[at:], glob[1:]) for at in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], glob[0]) and fits(path[1:], glob[1:])


@given(st.lists(_GLOBS, max_size=6), st.lists(_PATHS, max_size=6))
@example(["**"], [""])
@example(["a/**"], ["a", "a/b"])
@example(["**/a/**/b"], ["a/b", "b/a/a/b/b", "a"])
def test_all_globs_together_match_what_each_matches_by_itself(globs: list[str], paths: list[str]) -> None:
    """In whichever order paths are asked for: what is known of one changes no answer for the next."""
    together = Globs(globs)
    for path in paths:
        expected = [number for number, glob in enumerate(globs) if fits(parts_of(path), parts_of(glob))]
        assert list(together.at(path).globs) == expected
        assert together.match(path) == bool(expected)


@given(st.lists(_GLOBS, max_size=4), _PATHS, st.lists(_NAMES, min_size=1, max_size=3))
def test_below_what_does_not_lead_on_nothing_matches(globs: list[str], path: str, more: list[str]) -> None:
    """So no folder is left out that holds a match."""
    state = Globs(globs).at(path)
    longer = parts_of("/".join([path, *more]))
    if any(fits(longer, parts_of(glob)) for glob in globs):
        assert state.leads_on


@given(_PATHS, _PATHS)
def test_an_escaped_path_matches_itself_alone(path: str, other: str) -> None:
    """Whatever it is made of; a path that is no text cannot be written down, and this one is."""
    assert Globs([escaped(path)]).match(other) == (parts_of(path) == parts_of(other))


@pytest.mark.parametrize("glob", ["**/a/" * 12 + "b", "**/*/" * 12 + "b", "**/" * 40 + "b", "*a" * 30 + "/b"])
def test_globs_that_are_made_to_keep_the_matcher_busy_do_not(glob: str) -> None:
    """A path takes as many steps as it has names: tried one after the other, the ways through this would not end."""
    steps = Globs([glob])
    assert not steps.match("/".join(["a" * 60] * 60))
    assert steps.match("/".join([*(["a"] * 60), "b"])) == ("*a" not in glob)
