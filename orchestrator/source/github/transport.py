"""One HTTPS request and its whole answer, within limits of time and size."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import urllib3

from orchestrator.errors import SourceError

_TIMEOUT = urllib3.Timeout(connect=5, read=20)
# GitHub ends its own work after ten seconds; what takes longer is on its way, or never comes.
_WHOLE_SECONDS = 60
# GitHub takes no file of more than 100 MB.
_MOST_BYTES = 110_000_000
_CHUNK = 65_536


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes:
        url: with its query.
        headers: everything but the credentials.
        body: None for nothing.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Response:
    """What is answered: the status, the headers by their names in small letters, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[Request, str], Response]
"""Sends a request with credentials, the value of its `Authorization` header; raises `UnreachableError`."""


class UnreachableError(SourceError):
    """No whole answer came."""


class Https:
    """A `Transport` that keeps its connections and follows no redirect.

    Args:
        certificates: file of the authorities that are trusted, None for the machine's own.
        whole_seconds: how long an answer may take from its first byte to its last.
    """

    def __init__(self, certificates: str | None = None, whole_seconds: float = _WHOLE_SECONDS) -> None:
        self._pool = urllib3.PoolManager(ca_certs=certificates, timeout=_TIMEOUT, retries=False)
        self._whole_seconds = whole_seconds

    def __call__(self, request: Request, authorization: str) -> Response:
        """Send it; nothing but `https://` is spoken."""
        if not request.url.startswith("https://"):
            raise UnreachableError(f"{request.url} is not asked: credentials are sent over https:// only.")
        headers = {**request.headers, "Authorization": authorization, "Accept-Encoding": "gzip"}
        try:
            answer = self._pool.request(
                request.method, request.url, body=request.body, headers=headers, redirect=False, preload_content=False
            )
            try:
                body = self._read(answer, request.url)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"{request.url} could not be reached: {error}") from error
        return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)

    def _read(self, answer: urllib3.BaseHTTPResponse, url: str) -> bytes:
        until, body = time.monotonic() + self._whole_seconds, bytearray()
        # One read at a time: a server that sends a byte now and then must not make it wait for a whole chunk.
        while chunk := answer.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > _MOST_BYTES or time.monotonic() > until:
                answer.close()
                limit = f"{_MOST_BYTES // 1_000_000} MB, {self._whole_seconds:.0f} s"
                raise UnreachableError(f"{url} answered too much, or too slowly ({limit}).")
        return bytes(body)
