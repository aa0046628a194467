"""How a failed build is put into words."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import BuildError
from orchestrator.releases.failure import failure_of, shorten


def test_what_the_unit_can_mend_is_a_build_error_with_its_notes() -> None:
    """The notes say where the whole log is."""
    error = BuildError("orders", "lock dependencies", "no wheel.", "the log")
    error.add_note("The whole log is s3://bucket/key")
    failure = failure_of(error)
    assert failure.error == "BuildError"
    assert failure.cause.splitlines()[1:] == ["the log", "The whole log is s3://bucket/key"]


def test_everything_else_is_a_bug_with_its_traceback() -> None:
    """And fits into what Step Functions takes."""
    failure = failure_of(KeyError("x" * 100_000))
    assert failure.error == "Bug"
    assert len(failure.cause) == 32_768


@given(st.text(max_size=300), st.integers(20, 200))
def test_a_text_is_cut_in_its_middle(text: str, limit: int) -> None:
    """What it begins and ends with is kept."""
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or (text.startswith(short[:5]) and text.endswith(short[-5:]))
