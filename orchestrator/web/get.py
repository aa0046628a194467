"""Gets a URL that somebody else chose: a name is resolved once, and what was checked is what is connected to."""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, NewConnectionError
from urllib3.util import Url, parse_url

from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass
from orchestrator.web.addresses import Place, is_public, resolved

_SECONDS = 10
_BODY_READ = 1_000_000
_LONGEST_URL = 2_048
_HTTPS_PORT = 443
_PLAIN = re.compile(r"https://[A-Za-z0-9._:\[\]-]+([/?#][!-~]*)?")
_ENDPOINTS = "AWS_ENDPOINT_URL"


class WebError(OrchestratorError):
    """A URL was not called, or did not answer; the message says why."""


class Answer(NamedTuple):
    """What a server answered.

    Attributes:
        status: HTTP's.
        body: at most its first million bytes.
    """

    status: int
    body: bytes


def own_endpoints(environment: Mapping[str, str]) -> frozenset[Place]:
    """Where the cloud itself is served on this machine; nothing where AWS is the cloud.

    Args:
        environment: the process's. Whoever sets it decides where all calls of AWS go.
    """
    urls = [urlsplit(url) for name, url in environment.items() if name.startswith(_ENDPOINTS)]
    return frozenset(
        (url.hostname, url.port or _HTTPS_PORT) for url in urls if url.hostname and _is_loopback(url.hostname)
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class PublicWeb:
    """Gets what is public.

    Args:
        resolve: finds the addresses of a host.
        also: places that may be called although they are not public: of the embedded cloud.
    """

    resolve: Callable[[str, int], list[str]] = resolved
    also: frozenset[Place] = frozenset()

    def get(self, url: str) -> Answer:
        """Get a URL. Redirects are not followed: they are answers like any other.

        Raises:
            WebError: it may not be called, or nothing answered.
        """
        parts = _parsed(url)
        host, port = str(parts.host).strip("[]"), parts.port or _HTTPS_PORT
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise WebError(f"{url} could not be called: {host} has no address: {error}") from error
        self._check(url, host, port, addresses)
        problem = f"{host} has no address"
        for tried in self._tries(parts, host, port, addresses):
            if isinstance(tried, Answer):
                return tried
            problem = str(tried)
        raise WebError(f"{url} could not be called: {problem}")

    def _check(self, url: str, host: str, port: int, addresses: list[str]) -> None:
        refused = [one for one in addresses if not is_public(one) and (one, port) not in self.also]
        if refused:
            raise WebError(
                f"{url} is not called: {host} leads to {', '.join(refused)}, which is not a public address. Smoke "
                "tests by URL reach public addresses only; test what is private with 'invoke'."
            )

    @staticmethod
    def _tries(parts: Url, host: str, port: int, addresses: list[str]) -> Iterator[Answer | HTTPError]:
        """An answer, after the errors of addresses that could not be connected to."""
        for address in addresses:
            try:
                yield _get(parts, host, address, port)
            except (NewConnectionError, ConnectTimeoutError) as error:
                yield error
            except HTTPError as error:
                yield error
                return


def _parsed(url: str) -> Url:
    """Read a URL that nobody can read in two ways: names and passwords, backslashes and other letters are refused."""
    try:
        parts = parse_url(url) if len(url) <= _LONGEST_URL and _PLAIN.fullmatch(url) else Url()
    except LocationParseError:
        parts = Url()
    if not parts.host:
        raise WebError(
            f"{url[:_LONGEST_URL]!r} is not called: it must be https://, a host and perhaps a port and a path, such as "
            "https://example.com/health, without a name or password."
        )
    return parts


def _get(parts: Url, host: str, address: str, port: int) -> Answer:
    name = host.rstrip(".")
    pool = HTTPSConnectionPool(
        address,
        port,
        timeout=_SECONDS,
        retries=False,
        cert_reqs="CERT_REQUIRED",
        # The address is connected to, and the certificate must be the host's.
        assert_hostname=name,
        server_hostname=name,
    )
    headers = {"Host": parts.netloc or host, "Accept-Encoding": "identity", "User-Agent": "promotion-orchestrator"}
    with pool:
        answer = pool.urlopen("GET", parts.request_uri, headers=headers, redirect=False, preload_content=False)
        try:
            return Answer(answer.status, answer.read(_BODY_READ))
        finally:
            answer.close()
