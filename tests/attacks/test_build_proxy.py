"""A build's code asks the proxy that leads to opened hosts for others, or so that it is misunderstood."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Thread
from time import monotonic

import pytest

from orchestrator.build.network.proxy import Proxy
from orchestrator.build.network.reach import Bounds, Reach

_OPENED = ("models.example.com", "*.example.org:8443", "private:artifacts.corp.example.com")
_SECONDS = 5
Resolve = Callable[[str, int], list[str]]


class Upstream:
    """A server at loopback that stands for whatever is reached: it notes what comes, and sends it back."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        """By connection, all that came."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.received.append(b"")
            Thread(target=self._echo, args=(connection, len(self.received) - 1), daemon=True).start()

    def _echo(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                self.received[number] += chunk
                connection.sendall(chunk)

    def close(self) -> None:
        """Stop."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """What is reached."""
    made = Upstream()
    yield made
    made.close()


@contextmanager
def served(proxy: Proxy) -> Iterator[int]:
    """Serve a proxy at a port, to its end."""
    listener = socket.create_server(("127.0.0.1", 0))
    ours, theirs = socket.socketpair()
    thread = Thread(target=lambda: asyncio.run(proxy.serve(listener, theirs)))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ours.close()
        thread.join(_SECONDS)
        theirs.close()
        assert not thread.is_alive()


def opened(port: int) -> socket.socket:
    """A connection to a proxy."""
    return socket.create_connection(("127.0.0.1", port), _SECONDS)


def ask(port: int, request: bytes) -> bytes:
    """Send what is sent, and read to the end."""
    with opened(port) as connection:
        connection.sendall(request)
        return read(connection)


def read(connection: socket.socket) -> bytes:
    """Read to the end, which may be a sudden one."""
    answer = b""
    try:
        while chunk := connection.recv(65_536):
            answer += chunk
    except ConnectionResetError:
        # What was sent and not read is forgotten then.
        pass
    return answer


def connect(target: str) -> bytes:
    """A request as programs send it."""
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()


def never(name: str, _port: int) -> list[str]:
    """Fails the test by what the proxy then tells."""
    raise AssertionError(f"{name} was looked up")


_NOT_OPENED = {
    "another host": "evil.example.com:443",
    "another port": "models.example.com:80",
    "a host below": "a.models.example.com:443",
    "a host above": "example.com:443",
    "what ends alike": "xmodels.example.com:443",
    "what begins alike": "models.example.com.evil.net:443",
    "the name that a pattern is below": "example.org:8443",
    "two labels for one": "a.b.example.org:8443",
    "another port of a pattern": "a.example.org:443",
    "a pattern itself": "*.example.org:8443",
    "the mark of a private host": "private:artifacts.corp.example.com:443",
    "no port": "models.example.com",
    "an empty port": "models.example.com:",
    "two ports": "models.example.com:443:443",
    "port zero": "models.example.com:0",
    "a port with zeros": "models.example.com:0443",
    "a port that begins again": "models.example.com:65979",
    "no name": ":443",
    "two dots": "models.example.com..:443",
    "a space": "models.example.com%20:443",
    "a user": "models.example.com@evil.example.com:443",
    "a user before": "evil@models.example.com:443",
    "a path": "models.example.com:443/x",
    "a URL": "https://models.example.com:443",
    "loopback": "127.0.0.1:443",
    "loopback by one number": "2130706433:443",
    "loopback in hexadecimal": "0x7f000001:443",
    "loopback, shortened": "127.1:443",
    "loopback of IPv6": "[::1]:443",
    "loopback of IPv6, bare": "::1:443",
    "mapped loopback": "[::ffff:127.0.0.1]:443",
    "loopback by its name": "localhost:443",
    "loopback by its whole name": "localhost.localdomain:443",
    "metadata": "169.254.169.254:80",
    "metadata by its name": "metadata.google.internal:80",
    "a public address": "8.8.8.8:443",
}


@pytest.mark.parametrize("target", _NOT_OPENED.values(), ids=_NOT_OPENED)
def test_what_is_not_opened_is_refused_and_not_even_looked_up(target: str) -> None:
    """A name server would learn of it; and addresses are not names, however they are written."""
    proxy = Proxy(_OPENED, Reach(never))
    with served(proxy) as port:
        assert ask(port, connect(target)).startswith(b"HTTP/1.1 403 ")
    (line,) = proxy.traffic.lines()
    assert line.startswith("[network] refused: ")
    assert "looked up" not in line


@pytest.mark.parametrize("target", ["127.0.0.1:443", "8.8.8.8:443", "2130706433:443", "127.0x1:443", "a.b.1:443"])
def test_an_address_is_no_name(target: str) -> None:
    """Even before it is compared with what is opened."""
    proxy = Proxy(_OPENED, Reach(never))
    with served(proxy) as port:
        assert b"which is not the full name of a host and its port" in ask(port, connect(target))


_NO_TUNNELS = {
    "plain GET": (b"GET http://models.example.com/ HTTP/1.1\r\nHost: models.example.com\r\n\r\n", 405),
    "GET of the proxy's own": (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "POST": (b"POST https://models.example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 405),
    "small letters": (b"connect models.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "an upgrade": (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 405),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "SOCKS": (b"\x05\x01\x00\r\n\r\n", 400),
    "no host": (b"CONNECT models.example.com:443 HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"CONNECT models.example.com:443 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "a body": (b"CONNECT models.example.com:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", 400),
    "a body in chunks": (
        b"CONNECT models.example.com:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "two lengths": (
        b"CONNECT models.example.com:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
    ),
    "a folded header": (b"CONNECT models.example.com:443 HTTP/1.1\r\nHost: a\r\n\tb\r\nX : y\r\n\r\n", 400),
    "a zero byte": (b"CONNECT models.example.com\x00.evil.net:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "letters beyond ASCII": ("CONNECT model\u017f.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
    "a second line in the target": (b"CONNECT models.example.com:443\rX HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "an oversized header": (b"CONNECT models.example.com:443 HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000, 431),
    "oversized headers": (b"CONNECT models.example.com:443 HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 50_000, 431),
}


@pytest.mark.parametrize(("request_", "status"), _NO_TUNNELS.values(), ids=_NO_TUNNELS)
def test_what_is_no_tunnel_is_refused(request_: bytes, status: int) -> None:
    """Whatever it is, nobody is asked for it, and what comes after it is not read."""
    proxy = Proxy(_OPENED, Reach(never))
    with served(proxy) as port:
        answer = ask(port, request_ + connect("models.example.com:443"))
    # A client that is still sending when it is refused may be cut off before it reads why.
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) or (status == 431 and not answer)
    assert answer.count(b"HTTP/1.1 ") <= 1
    (line,) = proxy.traffic.lines()
    assert line.startswith("[network] refused: ")


@pytest.mark.parametrize(
    "name", ["models.example.com", "MODELS.Example.COM", "models.example.com.", "Models.example.com."]
)
def test_an_opened_host_is_the_same_however_it_is_spelt(name: str, upstream: Upstream) -> None:
    """The name is looked up in one form."""
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    reach = Reach(resolve, frozenset({("127.0.0.1", upstream.port)}))
    with served(Proxy((f"models.example.com:{upstream.port}",), reach)) as port, opened(port) as connection:
        connection.sendall(connect(f"{name}:{upstream.port}") + b"early")
        connection.shutdown(socket.SHUT_WR)
        answer = read(connection)
    assert answer == b"HTTP/1.1 200 Connection established\r\n\r\nearly"
    assert asked == ["models.example.com"]


@pytest.mark.parametrize("name", ["EVIL.example.com", "evil.example.com.", "MODELS.example.com.evil.net", "LOCALHOST."])
def test_a_host_that_is_not_opened_is_refused_however_it_is_spelt(name: str) -> None:
    """The same holds for others."""
    with served(Proxy(_OPENED, Reach(never))) as port:
        assert ask(port, connect(f"{name}:443")).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["0.0.0.0"],  # noqa: S104  # An address that is refused.
        ["169.254.169.254"],
        ["169.254.170.2"],
        ["fd00:ec2::254"],
        ["fe80::1%eth0"],
        ["100.100.100.200"],
        ["224.0.0.1"],
        ["::ffff:10.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["/var/run/docker.sock"],
    ],
)
@pytest.mark.parametrize("name", ["models.example.com:443", "artifacts.corp.example.com:443"])
def test_a_name_that_leads_inside_is_refused(name: str, addresses: list[str]) -> None:
    """To this machine, its links or the services of the cloud, also where the host may be in a private network."""
    proxy = Proxy(_OPENED, Reach(lambda _name, _port: addresses))
    with served(proxy) as port:
        assert ask(port, connect(name)).startswith(b"HTTP/1.1 403 ")
    (line,) = proxy.traffic.lines()
    assert f"{name} leads to addresses that are " in line


@pytest.mark.parametrize("address", ["10.0.0.1", "172.16.3.4", "192.168.1.1", "fd12:3456::1"])
def test_only_a_host_that_is_named_as_private_may_be_in_a_private_network(address: str) -> None:
    """Whoever owns the name of another one could lead it there."""
    proxy = Proxy(_OPENED, Reach(lambda _name, _port: [address, "127.0.0.1"]))
    with served(proxy) as port:
        ask(port, connect("models.example.com:443"))
        ask(port, connect("artifacts.corp.example.com:443"))
    public, private = proxy.traffic.lines()
    assert f"are not public: '{address}', '127.0.0.1'" in public
    assert "are neither public nor private: '127.0.0.1'" in private


def test_a_host_that_a_pattern_names_too_may_be_named_as_private() -> None:
    """In whatever order; what only the pattern names stays public."""
    proxy = Proxy(("*.corp.example.com", "private:artifacts.corp.example.com"), Reach(lambda *_: ["10.0.0.1", "::1"]))
    with served(proxy) as port:
        ask(port, connect("artifacts.corp.example.com:443"))
        ask(port, connect("wiki.corp.example.com:443"))
    private, public = proxy.traffic.lines()
    assert private.endswith("neither public nor private: '::1'")
    assert public.endswith("not public: '10.0.0.1', '::1'")


def test_a_name_that_leads_elsewhere_once_it_was_checked(upstream: Upstream) -> None:
    """It is looked up once, and what was checked is connected to."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    reach = Reach(lambda _name, _port: answers.pop(0), frozenset({("127.0.0.1", upstream.port)}))
    with served(Proxy((f"models.example.com:{upstream.port}",), reach)) as port, opened(port) as connection:
        connection.sendall(connect(f"models.example.com:{upstream.port}"))
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert answers == [["169.254.169.254"]]


def to(upstream: Upstream, **bounds: float) -> Proxy:
    """A proxy that leads to what is reached, with less than a command has."""
    chosen: Bounds = replace(Bounds(), **bounds)  # type: ignore[arg-type]
    reach = Reach(lambda _name, _port: ["127.0.0.1"], frozenset({("127.0.0.1", upstream.port)}), chosen)
    return Proxy((f"models.example.com:{upstream.port}",), reach)


def test_a_second_request_is_the_host_s_to_read(upstream: Upstream) -> None:
    """Whether it comes with the first one or behind it, the proxy reads one request for each connection."""
    second = connect("evil.example.com:443")
    proxy = to(upstream)
    with served(proxy) as port, opened(port) as connection:
        connection.sendall(connect(f"models.example.com:{upstream.port}") + second)
        connection.sendall(second)
        connection.shutdown(socket.SHUT_WR)
        answer = read(connection)
    assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n" + second * 2
    assert upstream.received == [second * 2]
    (line,) = proxy.traffic.lines()
    assert f"models.example.com:{upstream.port}: 1 connection, " in line


def test_a_request_that_never_ends_is_ended(upstream: Upstream) -> None:
    """A byte now and then does not keep a connection open."""
    proxy = to(upstream, head_seconds=0.3)
    with served(proxy) as port, opened(port) as connection:
        begun = monotonic()
        connection.settimeout(0.05)
        connection.sendall(b"CONNECT models.example.com:443 HTTP/1.1\r\nX: ")
        answer = b""
        while not answer and monotonic() - begun < _SECONDS:
            connection.sendall(b"x")
            try:
                answer = connection.recv(100)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")
    assert monotonic() - begun < _SECONDS


def test_a_tunnel_through_which_nothing_goes_is_ended(upstream: Upstream) -> None:
    """Else connections could be kept for as long as the build lasts."""
    proxy = to(upstream, idle_seconds=0.3)
    with served(proxy) as port, opened(port) as connection:
        connection.sendall(connect(f"models.example.com:{upstream.port}") + b"once")
        assert read(connection).endswith(b"once")
    assert "through which nothing went for 0.3 seconds" in "".join(proxy.traffic.lines())


def test_a_client_that_reads_nothing_holds_nobody_up(upstream: Upstream) -> None:
    """What it does not take is not kept for it without end."""
    proxy = to(upstream, idle_seconds=0.3)
    with served(proxy) as port, opened(port) as connection:
        connection.sendall(connect(f"models.example.com:{upstream.port}"))
        # More than all buffers on the way take.
        with pytest.raises(OSError, match=r"timed out|reset|Broken pipe"):
            connection.sendall(bytes(256 * 1024**2))


def test_there_are_no_more_connections_at_a_time_than_may_be(upstream: Upstream) -> None:
    """The next one is refused, until one has ended."""
    proxy = to(upstream, connections=2)
    target = connect(f"models.example.com:{upstream.port}")
    with served(proxy) as port:
        kept = [opened(port) for _ in range(2)]
        for connection in kept:
            connection.sendall(target)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert ask(port, target).startswith(b"HTTP/1.1 503 ")
        for connection in kept:
            connection.close()
    assert "refused: more than 2 connections at the same time" in "".join(proxy.traffic.lines())


def test_no_more_goes_through_than_may(upstream: Upstream) -> None:
    """In all connections together."""
    proxy = to(upstream, carried_bytes=100_000)
    with served(proxy) as port:
        for _ in range(2):
            with opened(port) as connection:
                connection.sendall(connect(f"models.example.com:{upstream.port}") + b"x" * 60_000)
                read(connection)
    assert "refused: more than 100,000 bytes in all" in "".join(proxy.traffic.lines())


def test_a_name_server_that_does_not_answer_holds_nobody_up(upstream: Upstream) -> None:
    """Neither the one who asks, nor the end of the build."""
    gone = socket.socketpair()
    reach = replace(to(upstream)._reach, resolve=lambda *_: [gone[0].recv(1).decode()])  # noqa: SLF001
    reach = replace(reach, bounds=Bounds(connect_seconds=0.3))
    begun = monotonic()
    with served(Proxy((f"models.example.com:{upstream.port}",), reach)) as port:
        assert ask(port, connect(f"models.example.com:{upstream.port}")).startswith(b"HTTP/1.1 504 ")
    assert monotonic() - begun < _SECONDS
    gone[1].close()


def test_what_is_told_of_it_has_an_end() -> None:
    """A command may ask for as many names as it likes, with what a terminal would obey."""
    proxy = Proxy(_OPENED, Reach(never))
    with served(proxy) as port:
        for number in range(70):
            ask(port, connect(f"x{number}.example.com:443"))
        ask(port, b"CONNECT \x1b[2Jmodels\x1b]0;x\x07:443 HTTP/1.1\r\nHost: a\r\n\r\n")
    lines = list(proxy.traffic.lines())
    assert len(lines) == 51
    assert lines[-1] == "[network] refused: others (21 times)"
    assert "\x1b" not in "".join(lines)
