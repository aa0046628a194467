"""Waiting for what other processes bring about."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_not_result, stop_after_delay, wait_fixed

Answer = TypeVar("Answer")

# Far more than anything takes: only what never comes is waited for as long.
_SECONDS = 300.0


def until(look: Callable[[], Answer | None], seconds: float = _SECONDS) -> Answer:
    """Look again and again until there is something."""
    retrying = Retrying(
        retry=retry_if_not_result(lambda answer: answer is not None),
        wait=wait_fixed(0.1),
        stop=stop_after_delay(seconds),
    )
    answer = retrying(look)
    assert answer is not None
    return answer
