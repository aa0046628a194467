"""GitHub asked through a proxy: a real one, in front of a server that speaks TLS."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from orchestrator.errors import SourceError
from orchestrator.source.github.repository import GitHubRepository
from orchestrator.source.github.transport import Https, Request, UnreachableError
from orchestrator.source.proxies import Proxies, Proxy
from orchestrator.wiring.wiring import Wiring
from tests.git_repository import GitRepository
from tests.github.server import TOKEN, GitHubServer
from tests.proxy import Proxy as Server

KNOWN = "ada:p%40ss word"


@pytest.fixture
def proxy() -> Iterator[Server]:
    """One that everybody may use."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def guarded() -> Iterator[Server]:
    """One that asks who is there."""
    running = Server(wants="ada:p@ss word")
    yield running
    running.close()


def send(certificate: tuple[Path, Path], github: GitHubServer, proxies: Proxies) -> int:
    """Ask GitHub something; returns the answer's status."""
    accept = {"Accept": "application/vnd.github+json"}
    request = Request(f"https://{github.host}/api/v3/repos/acme/shop/git/ref/heads/main", headers=accept)
    return Https(str(certificate[0]), proxies)(request, f"Bearer {TOKEN}").status


def test_the_environments_proxy_leads_there_and_reads_nothing(
    certificate: tuple[Path, Path], github: GitHubServer, proxy: Server
) -> None:
    """Credentials go to GitHub alone: what is in between sees TLS."""
    assert send(certificate, github, Proxies(environment={"HTTPS_PROXY": f"http://{proxy.host}"})) == 200
    assert proxy.tunnels == [github.host]
    assert len(github.asked) == 1
    assert TOKEN.encode() not in b"".join(proxy.heard)


@pytest.mark.parametrize("direct", ["127.0.0.1", "example.com, 127.0.0.1", "*"])
def test_hosts_that_no_proxy_names_are_reached_without_it(
    direct: str, certificate: tuple[Path, Path], github: GitHubServer, proxy: Server
) -> None:
    """As the environment says."""
    environment = {"https_proxy": f"http://{proxy.host}", "NO_PROXY": direct}
    assert send(certificate, github, Proxies(environment=environment)) == 200
    assert proxy.tunnels == []


def test_the_configured_proxy_comes_before_the_environments(
    certificate: tuple[Path, Path], github: GitHubServer, proxy: Server
) -> None:
    """Whatever that leaves out of it."""
    environment = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "*"}
    assert send(certificate, github, Proxies(f"http://{proxy.host}", environment)) == 200
    assert proxy.tunnels == [github.host]


def test_a_repository_is_read_through_it(
    opened: Callable[..., GitHubRepository], github: GitHubServer, proxy: Server, origin: GitRepository
) -> None:
    """Over one connection for all that is asked."""
    repository = opened(github, proxies=Proxies(f"http://{proxy.host}"))
    assert repository.commit("main").id == origin.head
    assert repository.files(origin.head, ["shared/money.py"]).keys() == {"shared/money.py"}
    assert proxy.tunnels == [github.host]


@pytest.mark.parametrize("configured", [True, False])
def test_functions_and_workers_go_through_it(
    configured: bool,  # noqa: FBT001  # A case.
    certificate: tuple[Path, Path],
    github: GitHubServer,
    proxy: Server,
    origin: GitRepository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By their settings, else by their environment."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate[0]))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1" if configured else f"http://{proxy.host}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with mock_aws():
        session = boto3.Session(region_name="eu-west-1")
        session.client("secretsmanager").create_secret(Name="github", SecretString=json.dumps({"token": TOKEN}))
        settings = {"repository_url": github.url, "repository_secret": "github"}
        given = {"repository_proxy": f"http://{proxy.host}" if configured else ""}
        assert Wiring(session, settings | given).repository.commit("main").id == origin.head
    assert proxy.tunnels == [github.host]


def test_a_proxy_that_asks_who_is_there_is_told(
    certificate: tuple[Path, Path], github: GitHubServer, guarded: Server
) -> None:
    """By the environment, where they have a place; what is special in them is written as in any URL."""
    assert send(certificate, github, Proxies(environment={"HTTPS_PROXY": f"http://{KNOWN}@{guarded.host}"})) == 200
    assert guarded.tunnels == [github.host]


def test_a_proxy_that_refuses_is_named_without_what_it_was_told(
    certificate: tuple[Path, Path], github: GitHubServer, guarded: Server
) -> None:
    """The password is in no message."""
    proxies = Proxies(environment={"HTTPS_PROXY": f"http://ada:guessed@{guarded.host}"})
    with pytest.raises(UnreachableError, match=rf"through the proxy http://{guarded.host}: .*407") as raised:
        send(certificate, github, proxies)
    assert "guessed" not in f"{raised.value} {proxies.to(github.host)}"
    assert github.asked == []


def test_who_answers_behind_a_proxy_must_prove_itself(github: GitHubServer, proxy: Server) -> None:
    """A proxy that opens TLS, as some do, gets no credentials unless its authority is trusted."""
    with pytest.raises(UnreachableError, match="certificate verify failed"):
        Https(proxies=Proxies(f"http://{proxy.host}"))(Request(f"https://{github.host}/api/v3"), f"Bearer {TOKEN}")
    assert github.asked == []


@pytest.mark.parametrize(
    ("text", "url", "credentials"),
    [
        ("proxy.example.com:3128", "http://proxy.example.com:3128", None),
        ("https://proxy.example.com", "https://proxy.example.com", None),
        ("http://ada@[2001:db8::1]:3128/", "http://[2001:db8::1]:3128", "ada:"),
    ],
)
def test_a_proxy_is_read_as_other_tools_read_it(text: str, url: str, credentials: str | None) -> None:
    """With and without a scheme."""
    assert Proxy.parse(text) == Proxy(url, credentials)


@pytest.mark.parametrize("text", ["socks5://ada:secret@proxy", "http://ada:secret@", "http://ada:secret@proxy:x"])
def test_what_is_no_proxy_is_refused_without_being_shown(text: str) -> None:
    """It says what to write."""
    with pytest.raises(SourceError, match=r"HTTPS_PROXY is no proxy: write http://<host>:<port>") as raised:
        Proxies(environment={"HTTPS_PROXY": text}).to("api.github.com")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("direct", "host", "is_direct"),
    [
        (".example.com", "git.example.com", True),
        ("example.com", "git.example.com:8443", True),
        ("git.example.com:8443", "git.example.com:8443", True),
        ("git.example.com:8443", "git.example.com", False),
        ("ample.com", "git.example.com", False),
        ("", "git.example.com", False),
    ],
)
def test_which_hosts_no_proxy_names(direct: str, host: str, is_direct: bool) -> None:  # noqa: FBT001  # A case.
    """Domains with all that is in them, and ports where they are named."""
    proxies = Proxies(environment={"HTTPS_PROXY": "proxy:3128", "NO_PROXY": direct})
    assert (proxies.to(host) is None) is is_direct
