"""One request to GitHub: repeated when that may help, not sooner than GitHub allows, and never to another host."""

import time
from collections.abc import Callable
from dataclasses import field, replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_base, wait_random

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.github.limits import pause, spent_until
from orchestrator.source.github.transport import Request, Response, Transport, UnreachableError

_MOVED = (301, 302, 307, 308)
_SERVER_ERROR = 500
_MOST_REDIRECTS = 3
_UNREACHABLE = Response(_SERVER_ERROR, {}, b"")


class BusyError(SourceError):
    """GitHub cannot answer for now, or asks to be left alone for a while.

    Args:
        problem: what it said, a sentence.
        seconds: how long it must not be asked.
    """

    def __init__(self, problem: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(problem)


class OverloadedError(BusyError):
    """GitHub is not well, or what is asked is too much for it."""


@dataclass(frozen=True)
class Timing:
    """The time, and how much of it a request may take.

    Attributes:
        clock: seconds since 1970.
        sleep: waits that many seconds.
        patience: seconds that are waited for one request, all in all. What takes longer is an error.
        attempts: how often one request is sent.
        jitter: what is added to each wait, so that many that wait do not come back at the same moment.
    """

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    patience: float = 45.0
    attempts: int = 5
    jitter: wait_base = field(default_factory=lambda: wait_random(0, 1))


class Calls:
    """Sends requests.

    Args:
        send: sends one request once.
        timing: the time, and how much of it a request may take.
    """

    def __init__(self, send: Transport, timing: Timing) -> None:
        self._send = send
        self._timing = timing
        # By budget, until when nothing may be asked: REST and GraphQL have one each.
        self._closed: dict[str, float] = {}

    def __call__(self, request: Request, authorization: str) -> Response:
        """Send a request, following redirects on the same host.

        Raises:
            BusyError: there was no answer in time.
            SourceError: it was redirected to another host, or in circles.
        """
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._patiently(request, authorization)
            if response.status not in _MOVED:
                return response
            request = replace(request, url=_elsewhere(request.url, response.headers.get("location", "")))
        raise SourceError(f"{request.url} is redirected without end.")

    def _patiently(self, request: Request, authorization: str) -> Response:
        timing = self._timing
        attempts = Retrying(
            retry=retry_if_exception_type(BusyError),
            wait=self._wait,
            stop=stop_after_attempt(timing.attempts) | stop_before_delay(timing.patience),
            sleep=timing.sleep,
            reraise=True,
        )
        for attempt in attempts:
            with attempt:
                return self._once(request, authorization, attempt.retry_state.attempt_number)
        raise AssertionError  # The last attempt raises its own error.

    def _once(self, request: Request, authorization: str, attempt: int) -> Response:
        budget = "graphql" if urlsplit(request.url).path.endswith("/graphql") else "rest"
        left = self._closed.get(budget, 0.0) - self._timing.clock()
        if left > 0:
            raise self._busy(left)
        try:
            response = self._send(request, authorization)
        except UnreachableError as error:
            raise OverloadedError(str(error), pause(_UNREACHABLE, attempt, 0) or 0) from error
        now = self._timing.clock()
        seconds = pause(response, attempt, now)
        if seconds is None:
            self._closed[budget] = spent_until(response) or 0.0
            return response
        if response.status >= _SERVER_ERROR:
            problem = f"{request.url} answers {response.status}; GitHub's status page may say why. Try again later."
            raise OverloadedError(problem, seconds)
        self._closed[budget] = now + seconds
        raise self._busy(seconds)

    def _busy(self, seconds: float) -> BusyError:
        until = datetime.fromtimestamp(self._timing.clock() + seconds, UTC)
        return BusyError(
            f"GitHub's rate limit is reached: it takes requests again from {until:%Y-%m-%d %H:%M:%S} UTC on. Try again "
            "then; a credential that nothing else uses reaches it later.",
            seconds,
        )

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return (error.seconds if isinstance(error, BusyError) else 0.0) + self._timing.jitter(state)


def _elsewhere(url: str, location: str) -> str:
    """Where a redirect leads, if that is on the same host: another one must not see the credentials."""
    found = urljoin(url, location)
    old, new = urlsplit(url), urlsplit(found)
    if not location or (old.scheme, old.netloc) != (new.scheme, new.netloc):
        raise SourceError(
            f"{url} is redirected to another host ({new.netloc}), which is not followed: the repository's url in "
            "orchestrator.toml names the host that credentials are for."
        )
    return found
