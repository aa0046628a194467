"""Puts the parts together that ask for one repository."""

import os

from orchestrator.source.github.address import GitHubAddress
from orchestrator.source.github.calls import Calls, Timing
from orchestrator.source.github.client import GitHubClient
from orchestrator.source.github.credentials import Credentials, ReadSecret
from orchestrator.source.github.repository import GitHubRepository
from orchestrator.source.github.transport import Https
from orchestrator.source.proxies import Proxies


def open_github(
    url: str,
    read_secret: ReadSecret,
    certificates: str | None = None,
    proxy: str | None = None,
    timing: Timing | None = None,
) -> GitHubRepository:
    """Open a repository; nothing is asked yet.

    Args:
        url: `github://HOST/OWNER/NAME`.
        read_secret: reads the credentials, when they are needed.
        certificates: file of the authorities that are trusted, None for the machine's own.
        proxy: URL of the proxy that leads there, None for what the environment says.
        timing: the time, and how much of it a request may take.

    Raises:
        SourceError: the URL is not one.
    """
    address, timing = GitHubAddress.parse(url), timing or Timing()
    calls = Calls(Https(certificates, Proxies(proxy, os.environ)), timing)
    credentials = Credentials(read_secret, address, calls, timing.clock)
    return GitHubRepository(address, GitHubClient(address, calls, credentials))
