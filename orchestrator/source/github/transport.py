"""One HTTPS request and its whole answer, within limits of time and size."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

import urllib3

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.proxies import Proxies, Proxy

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
        proxies: tells which proxy leads to a host; none does when left out.
        whole_seconds: how long an answer may take from its first byte to its last.
    """

    def __init__(
        self,
        certificates: str | None = None,
        proxies: Proxies | None = None,
        whole_seconds: float = _WHOLE_SECONDS,
    ) -> None:
        self._certificates = certificates
        self._proxies = proxies or Proxies()
        self._pools: dict[Proxy | None, urllib3.PoolManager] = {}
        self._whole_seconds = whole_seconds

    def __call__(self, request: Request, authorization: str) -> Response:
        """Send it; nothing but `https://` is spoken."""
        if not request.url.startswith("https://"):
            raise UnreachableError(f"{request.url} is not asked: credentials are sent over https:// only.")
        headers = {**request.headers, "Authorization": authorization, "Accept-Encoding": "gzip"}
        proxy = self._proxies.to(urlsplit(request.url).netloc)
        try:
            answer = self._pool(proxy).request(
                request.method, request.url, body=request.body, headers=headers, redirect=False, preload_content=False
            )
            try:
                body = self._read(answer, request.url)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            through = f" through the proxy {proxy.url}" if proxy else ""
            raise UnreachableError(f"{request.url} could not be reached{through}: {error}") from error
        return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)

    def _pool(self, proxy: Proxy | None) -> urllib3.PoolManager:
        if proxy not in self._pools:
            self._pools[proxy] = self._through(proxy) if proxy else urllib3.PoolManager(**self._settings)
        return self._pools[proxy]

    def _through(self, proxy: Proxy) -> urllib3.PoolManager:
        """Connections that a proxy tunnels: TLS is spoken with the host itself, whoever is in between."""
        known = urllib3.make_headers(proxy_basic_auth=proxy.credentials) if proxy.credentials else None
        trust = ssl.create_default_context(cafile=self._certificates)
        return urllib3.ProxyManager(proxy.url, proxy_headers=known, proxy_ssl_context=trust, **self._settings)

    @property
    def _settings(self) -> dict[str, Any]:
        return {"ca_certs": self._certificates, "timeout": _TIMEOUT, "retries": False}

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
