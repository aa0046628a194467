"""When GitHub may be asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.source.github.limits import pause, spent_until
from orchestrator.source.github.transport import Response

NOW = 1_700_000_000.0
SECONDARY = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'


def limited(status: int = 403, body: bytes = b"", **headers: str) -> Response:
    """An answer with headers, whose names are written with `_` for `-`."""
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (limited(retry_after="17"), 17),
        (limited(429, retry_after="0"), 0),
        (limited(retry_after="17", x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 900)), 17),
        (limited(x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 900)), 901),
        (limited(429, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) - 9)), 1),
        (limited(body=SECONDARY), 60),
        (limited(429), 60),
        (limited(x_ratelimit_remaining="4999", body=b'{"message": "Resource not accessible"}'), None),
        (limited(x_ratelimit_remaining="0"), None),
        (limited(retry_after="Wed, 21 Oct 2026 07:28:00 GMT", body=SECONDARY), 60),
        (limited(502), 1),
        (limited(200, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 900)), None),
        (limited(404), None),
    ],
)
def test_github_is_left_alone_for_as_long_as_it_says(response: Response, seconds: float | None) -> None:
    """By `retry-after` first, then by the reset of the limit, and a minute where it says nothing."""
    assert pause(response, 1, NOW) == seconds


@pytest.mark.parametrize(("response", "first"), [(limited(body=SECONDARY), 60.0), (limited(503), 1.0)])
def test_waits_grow_when_nothing_is_said(response: Response, first: float) -> None:
    """Twice as long each time."""
    assert [pause(response, attempt, NOW) for attempt in (1, 2, 3)] == [first, 2 * first, 4 * first]


def test_a_limit_that_is_spent_is_seen_before_the_next_request() -> None:
    """The answer itself is good."""
    assert spent_until(limited(200, x_ratelimit_remaining="0", x_ratelimit_reset="1700000900")) == NOW + 900
    assert spent_until(limited(200, x_ratelimit_remaining="1", x_ratelimit_reset="1700000900")) is None
    assert spent_until(limited(200)) is None


@given(
    status=st.integers(200, 599),
    body=st.binary(max_size=50),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"]), st.text(max_size=20)
    ),
    attempt=st.integers(1, 50),
)
def test_no_answer_makes_it_wait_for_ever_or_fail(
    status: int, body: bytes, headers: dict[str, str], attempt: int
) -> None:
    """Whatever a proxy in between writes into headers."""
    seconds = pause(Response(status, headers, body), attempt, NOW)
    assert seconds is None or 0 <= seconds <= 3600
    assert seconds is None or status in (403, 429) or status >= 500
