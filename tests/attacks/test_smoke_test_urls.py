"""A smoke test's URL, which a merge or a stack chooses, leads the orchestrator's Lambda to what others cannot reach."""

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.local.certificate import make_certificate
from orchestrator.web.get import PublicWeb, WebError, own_endpoints
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps


class Inside:
    """A server on loopback that has a secret, and notes whoever asks for it; `/away` leads to another one."""

    def __init__(self, folder: Path, *, away: str = "") -> None:
        self.asked: list[str] = []
        inside = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # The base class asks for this name.
                inside.asked.append(f"{self.headers['Host']}{self.path}")
                self.send_response(302 if self.path == "/away" else 200)
                self.send_header("Location", away)
                self.end_headers()
                self.wfile.write(b"secret")

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a certificate that everybody trusts."""
    folder = tmp_path_factory.mktemp("certified")
    make_certificate(folder / "certificate.pem", folder / "key.pem")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))
        yield folder


@pytest.fixture(scope="module")
def inside(certified: Path) -> Iterator[Inside]:
    """What must not be reached."""
    server = Inside(certified)
    yield server
    server.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "LOCALHOST",
    ],
)
def test_loopback_in_any_spelling(inside: Inside, host: str) -> None:
    """The system's own resolver is asked, which knows all of them."""
    with pytest.raises(WebError, match=r"not a public address|could not be called"):
        PublicWeb().get(f"https://{host}:{inside.port}/")
    assert inside.asked == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["10.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["2606:4700::6810:84e5", "fe80::1%eth0"],
        ["not an address"],
        [],
    ],
)
def test_a_name_that_leads_inside(addresses: list[str]) -> None:
    """One address that is not public is enough: else it would be a matter of chance."""
    with pytest.raises(WebError, match=r"not a public address|has no address"):
        PublicWeb(lambda _host, _port: addresses).get("https://example.com/")


def test_a_name_that_leads_elsewhere_once_it_was_checked(inside: Inside) -> None:
    """It is asked for once, and the address that was checked is the one that is connected to."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    web = PublicWeb(lambda _host, _port: answers.pop(0), frozenset({("127.0.0.1", inside.port)}))
    assert web.get(f"https://localhost:{inside.port}/once").body == b"secret"
    assert (answers, inside.asked) == ([["169.254.169.254"]], [f"localhost:{inside.port}/once"])
    inside.asked.clear()


def test_a_certificate_of_another_host(inside: Inside) -> None:
    """The certificate must be the name's, whatever address it leads to."""
    web = PublicWeb(lambda _host, _port: ["127.0.0.1"], frozenset({("127.0.0.1", inside.port)}))
    with pytest.raises(WebError, match="could not be called"):
        web.get(f"https://example.com:{inside.port}/")
    assert inside.asked == []


def test_a_redirect_is_an_answer_like_any_other(certified: Path, inside: Inside) -> None:
    """It is not followed."""
    outside = Inside(certified, away=f"https://localhost:{inside.port}/")
    web = PublicWeb(also=frozenset({("127.0.0.1", outside.port)}))
    assert web.get(f"https://127.0.0.1:{outside.port}/away").status == 302
    outside.close()
    assert inside.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "//example.com",
        "",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com:0x/",
        "https://[fe80::1%25lo]/",
        "https://example.com" + "x" * 5000,
        "https://exa\u212aple.com\uffff/",
        "https://a\\@b/",
    ],
)
def test_what_is_no_plain_https_url(url: str) -> None:
    """Nobody is even asked where it leads."""

    def never(host: str, _port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(WebError, match=r"is not called"):
        PublicWeb(never).get(url)


@given(st.text(max_size=60).map("https://{}".format))
def test_any_text(url: str) -> None:
    """It is refused in a sentence, or looked up as the host that a browser would see."""
    with pytest.raises(WebError):
        PublicWeb(lambda _host, _port: ["127.0.0.1"]).get(url)


def test_only_the_embedded_cloud_is_reached_on_loopback() -> None:
    """By its own address and port, out of the environment of the process."""
    environment = {
        "AWS_ENDPOINT_URL": "https://127.0.0.1:4566",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "X": "x",
    }
    assert own_endpoints(environment) == {("127.0.0.1", 4566)}
    assert own_endpoints({"AWS_ENDPOINT_URL": "https://10.0.0.1", "URL": "https://127.0.0.1"}) == frozenset()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company."""
    with moto_company(tmp_path_factory.mktemp("company")) as made:
        yield made


@pytest.mark.parametrize(
    ("url", "version", "says"),
    [("https://localhost:{port}/", "0.1.0", "not a public address"), ("http://127.0.0.1:{port}/", "0.2.0", "neither")],
)
def test_the_smoke_test_step(company: MotoCompany, inside: Inside, url: str, version: str, says: str) -> None:
    """The real handler fails the smoke test with a sentence, and goes nowhere."""
    release = company.publish(version, smoke_tests=[{"url": url.format(port=inside.port)}])
    steps = Steps(company, release, "dev", f"promotion-{version}")
    steps.deployed()
    result = steps("smoke_test")
    assert result["status"] == "FAILED"
    assert says in result["message"]
    assert inside.asked == []
