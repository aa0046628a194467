"""Waiting for what other processes bring about."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_not_result, stop_after_delay, wait_fixed

Answer = TypeVar("Answer")

# Far more than anything takes: only what never comes is waited for as long.
_SECONDS = 300.0


def until(look: Callable[[], Answer | None], seconds: float = _SECONDS, every: float = 0.1) -> Answer:
    """Look again and again until there is something.

    Args:
        look: returns None as long as there is nothing.
        seconds: after which it is given up.
        every: seconds between two looks.
    """
    retrying = Retrying(
        retry=retry_if_not_result(lambda answer: answer is not None),
        wait=wait_fixed(every),
        stop=stop_after_delay(seconds),
    )
    answer = retrying(look)
    assert answer is not None
    return answer
