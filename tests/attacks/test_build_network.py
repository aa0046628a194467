"""A build's code to which one host is opened reaches for everything else, and for what leads there."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.confine import loopback
from tests.attacks.confined import CREDENTIALS, both_ways, metadata_service, only_linux
from tests.attacks.opened import HOST, MODEL, OpenedHost, attack

pytestmark = only_linux
# With Landlock, which refuses ports, and where the namespace alone holds.
kernels = pytest.mark.parametrize("landlock", [None, 0], ids=["this kernel", "no Landlock"])


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedHost]:
    """The host that is opened."""
    opened = OpenedHost(tmp_path_factory.mktemp("host"))
    yield opened
    opened.close()


@both_ways
def test_the_opened_host_is_reached_as_any_program_reaches_it(way: str, host: OpenedHost, tmp_path: Path) -> None:
    """Through the proxy that HTTPS_PROXY names, with its own certificate, and the log tells it."""
    code = "import urllib.request as u\nprint(u.urlopen(f'https://{HOST}:{PORT}/weights').read().decode())"
    done = attack(tmp_path, code, host, way)
    assert done.output.splitlines()[0] == MODEL
    assert f"[network] {HOST}:{host.port}: 1 connection, " in done.output
    assert host.asked[-1] == f"{HOST}:{host.port}/weights"


_DIRECT = """
import socket
for place in {places}:
    try:
        with socket.create_connection(place, 3) as s:
            s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            print(place, s.recv(4096))
    except OSError as error: print("refused", error.errno)
"""


@kernels
@both_ways
def test_nothing_is_reached_without_the_proxy(way: str, landlock: int | None, host: OpenedHost, tmp_path: Path) -> None:
    """Neither services of this machine nor other addresses, nor the opened host."""
    with metadata_service() as port:
        local = [("127.0.0.1", port), ("localhost", port), (socket.gethostname(), port), ("127.0.0.1", host.port)]
        places = [*local, ("::1", port), ("169.254.169.254", 80), ("8.8.8.8", 443), ("2001:4860:4860::8888", 443)]
        done = attack(tmp_path, _DIRECT.format(places=places), host, way, landlock=landlock)
    assert CREDENTIALS not in done.output
    assert [line.split()[0] for line in done.output.splitlines()] == ["refused"] * len(places)


@kernels
@both_ways
def test_there_is_nothing_in_its_network_but_the_proxy(
    way: str, landlock: int | None, host: OpenedHost, tmp_path: Path
) -> None:
    """One interface, one socket that listens, and no name of a local service."""
    code = """
print([line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line])
print([line.split()[1] for name in ('tcp', 'tcp6') for line in open(f'/proc/net/{name}') if line.split()[3] == '0A'])
print([line.split()[-1] for line in open('/proc/net/unix') if '@' in line])
"""
    devices, listening, names, *_ = attack(tmp_path, code, host, way, landlock=landlock).output.splitlines()
    assert devices == "['lo']"
    assert listening == f"['0100007F:{loopback.PORT:04X}']"
    assert names == "[]"


# Families, kinds and protocols of sockets, as the kernel numbers them.
_SOCKETS = {
    "mptcp": (2, 1, 262),
    "sctp": (2, 1, 132),
    "smc": (2, 1, 256),
    "udp": (2, 2, 0),
    "udp over IPv6": (10, 2, 17),
    "icmp": (2, 2, 1),
    "raw": (2, 3, 255),
    "local": (1, 1, 0),
    "netlink": (16, 3, 0),
    "packet": (17, 3, 0),
    "kernel crypto": (38, 5, 0),
    "virtual machine's host": (40, 1, 0),
    "smc of its own family": (43, 1, 0),
    "xdp": (44, 3, 0),
}


@both_ways
def test_there_is_no_socket_but_those_of_tcp(way: str, host: OpenedHost, tmp_path: Path) -> None:
    """Some of the others are no part of a network namespace, and lead out of it."""
    code = f"""
import ctypes, socket
for name, kind in {_SOCKETS}.items():
    try: socket.socket(*kind)
    except OSError as error: print(error.errno)
    else: print('made', name)
with socket.socket() as s:
    for attempt in (lambda: s.bind(('127.0.0.1', 8080)), lambda: s.listen(), lambda: s.setsockopt(6, 31, b'smc'),
                    lambda: s.sendto(b'first', 0x20000000, ('127.0.0.1', {loopback.PORT}))):
        try: attempt()
        except OSError as error: print(error.errno)
        else: print('done')
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(425, 1, ctypes.create_string_buffer(120)); print(ctypes.get_errno())
"""
    lines = attack(tmp_path, code, host, way).output.splitlines()
    assert lines == ["13"] * (len(_SOCKETS) + 5)


@both_ways
def test_a_pair_of_sockets_cannot_be_turned_to_a_local_service(way: str, host: OpenedHost, tmp_path: Path) -> None:
    """Where sockets may connect, the ends of a pair may ask to as well, also when the other end is gone."""
    paths = [f"\0orchestrator-attack-{tmp_path.name}", str(tmp_path / "scratch" / "service")]
    (tmp_path / "scratch").mkdir(mode=0o777)
    services = []
    for path in paths:
        service = socket.socket(socket.AF_UNIX)
        service.bind(path)
        service.listen()
        service.settimeout(0)
        services.append(service)
    code = f"""
import socket
for path in {paths}:
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        for ends in (False, True):
            one, other = socket.socketpair(socket.AF_UNIX, kind)
            if ends: other.close()
            try: one.connect(path)
            except OSError: print('not connected')
            try: one.sendto(b'reached', path)
            except OSError: pass
"""
    done = attack(tmp_path, code, host, way)
    for service in services:
        with pytest.raises(BlockingIOError):
            service.accept()
        service.close()
    assert done.output.splitlines() == ["not connected"] * 8


@both_ways
def test_nobody_leaves_the_namespace(way: str, host: OpenedHost, tmp_path: Path) -> None:
    """By no process's namespaces, and by no new one."""
    outside = str(Path("/proc/self/ns/net").readlink())
    code = f"""
import ctypes, glob, os
print('outside' if os.readlink('/proc/self/ns/net') == {outside!r} else 'inside')
libc = ctypes.CDLL(None, use_errno=True)
for path in [*glob.glob('/proc/[0-9]*/ns/*'), '/proc/{os.getpid()}/ns/net', '/proc/self/ns/net']:
    try: found = os.open(path, os.O_RDONLY)
    except OSError: continue
    if os.readlink(path) == {outside!r}: print('found', path)
    if libc.setns(found, 0) == 0: print('entered', path)
for flags in (0x40000000, 0x10000000, 0x50000000):
    if libc.unshare(flags) == 0: print('made', flags)
print([name for name in os.listdir('/proc/self/fd') if 'socket' in str(os.path.realpath(f'/proc/self/fd/{{name}}'))])
"""
    assert attack(tmp_path, code, host, way).output.splitlines() == ["inside", "[]"]
