"""What is kept of a command's output."""

import io

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.output import BoundedOutput

CHUNKS = st.lists(st.binary(max_size=40), max_size=20)


@given(CHUNKS, st.integers(2, 60))
def test_beginning_and_end_are_kept_however_it_comes(chunks: list[bytes], limit: int) -> None:
    """The log and the text agree, and neither grows without bound."""
    log, printed = io.BytesIO(), b"".join(chunks)
    output = BoundedOutput(log, limit)
    for chunk in chunks:
        output.feed(chunk)
    text = output.finish()
    kept = log.getvalue()
    assert text == kept.decode(errors="replace")
    assert output.size == len(printed)
    if len(printed) <= limit:
        assert kept == printed
    else:
        beginning, end = limit // 2, limit - limit // 2
        marker = f"\n[... {len(printed) - limit} bytes are left out here ...]\n".encode()
        assert kept == printed[:beginning] + marker + printed[-end:]


@given(CHUNKS)
def test_the_beginning_is_in_the_log_as_it_comes(chunks: list[bytes]) -> None:
    """Somebody may be looking."""
    log = io.BytesIO()
    output = BoundedOutput(log, 1_000_000)
    for number, chunk in enumerate(chunks, start=1):
        output.feed(chunk)
        assert log.getvalue() == b"".join(chunks[:number])
