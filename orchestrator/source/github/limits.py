"""When GitHub may be asked again, as its documentation on rate limits and on best practices has it."""

from collections.abc import Mapping

from orchestrator.source.github.transport import Response

_FORBIDDEN, _TOO_MANY, _SERVER = 403, 429, 500
# "Otherwise, wait for at least one minute before retrying", and longer each time.
_SECONDARY_SECONDS = 60.0
_LONGEST_SECONDS = 3600.0


def pause(response: Response, attempt: int, now: float) -> float | None:
    """How long to wait before a request is repeated; None when its answer stands.

    Args:
        response: what was answered.
        attempt: which attempt it was, from 1 on.
        now: seconds since 1970.

    Returns:
        Seconds, without chance in them.
    """
    if response.status >= _SERVER:
        return min(2.0 ** (attempt - 1), 30.0)
    if response.status not in (_FORBIDDEN, _TOO_MANY):
        return None
    after = _number(response.headers, "retry-after")
    if after is not None:
        return min(after, _LONGEST_SECONDS)
    reset = spent_until(response)
    if reset is not None:
        return min(max(reset - now, 0.0) + 1, _LONGEST_SECONDS)
    if response.status == _TOO_MANY or b"rate limit" in response.body.lower():
        return min(_SECONDARY_SECONDS * 2.0 ** (attempt - 1), _LONGEST_SECONDS)
    return None


def spent_until(response: Response) -> float | None:
    """Until when no request is left, in seconds since 1970; None while some are, or when nothing is said of it."""
    if _number(response.headers, "x-ratelimit-remaining") != 0:
        return None
    return _number(response.headers, "x-ratelimit-reset")


def _number(headers: Mapping[str, str], name: str) -> float | None:
    value = headers.get(name, "")
    return float(value) if value.isascii() and value.isdigit() else None
