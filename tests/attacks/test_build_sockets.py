"""A build's code reaches for the network, for local services and for the kernel, by every kind of socket."""

import platform
import socket
from pathlib import Path

import pytest

from tests.attacks.confined import CREDENTIALS, attack, both_ways, metadata_service, only_linux

pytestmark = only_linux
_REQUEST = "GET /latest/meta-data/iam/security-credentials/builder HTTP/1.0\\r\\n\\r\\n"
# Each connects to `port` and leaves a socket in `s`, or sends the request by itself.
_WAYS = {
    "tcp": "s = socket.create_connection(('127.0.0.1', port), 5); s.sendall(request)",
    "mptcp": (
        "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); s.connect(('127.0.0.1', port)); s.sendall(request)"
    ),
    "fast open": "s = socket.socket(); s.sendto(request, 0x20000000, ('127.0.0.1', port))",
    "fast open by sendmsg": "s = socket.socket(); s.sendmsg([request], [], 0x20000000, ('127.0.0.1', port))",
    "fast open by sendmmsg": """
s, libc = socket.socket(), ctypes.CDLL(None, use_errno=True)
class IoVec(ctypes.Structure): _fields_ = [('base', ctypes.c_char_p), ('size', ctypes.c_size_t)]
class Header(ctypes.Structure): _fields_ = [('name', ctypes.c_char_p), ('name_size', ctypes.c_uint), ('vectors',
    ctypes.POINTER(IoVec)), ('count', ctypes.c_size_t), ('control', ctypes.c_void_p), ('control_size', ctypes.c_size_t),
    ('flags', ctypes.c_int), ('sent', ctypes.c_uint)]
address = struct.pack('=HH4s8x', 2, socket.htons(port), socket.inet_aton('127.0.0.1'))
header = Header(address, 16, ctypes.pointer(IoVec(request, len(request))), 1, None, 0, 0, 0)
if libc.sendmmsg(s.fileno(), ctypes.byref(header), 1, 0x20000000) < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
""",
}
_READ = """
import ctypes, os, socket, struct
port, request = {port}, b"{request}"
try:
    {way}
except OSError as error:
    print(type(error).__name__)
else:
    answer = b''
    while chunk := s.recv(4096): answer += chunk
    print(answer.decode())
"""


def reading(way: str, port: int) -> str:
    """Code that reads credentials by a way."""
    return _READ.format(port=port, request=_REQUEST, way=_WAYS[way].strip().replace("\n", "\n    "))


@both_ways
@pytest.mark.parametrize("kind", _WAYS)
def test_credentials_of_a_role_cannot_be_read_from_a_local_port(kind: str, way: str, tmp_path: Path) -> None:
    """The service that hands them out trusts whoever can connect to it."""
    with metadata_service() as port:
        done = attack(tmp_path, reading(kind, port), way)
    assert done.stdout == "PermissionError\n", done.stderr
    assert CREDENTIALS not in done.stdout


@pytest.mark.parametrize("kind", [kind for kind in _WAYS if kind != "tcp"])
def test_a_tool_that_fetches_has_no_socket_that_other_guards_overlook(kind: str, tmp_path: Path) -> None:
    """Landlock looks at the port when TCP connects, not at MPTCP, and not at data that come with the first packet."""
    with metadata_service() as port:
        done = attack(tmp_path, reading(kind, port), fetches=True)
    assert done.stdout == "PermissionError\n", done.stderr


# Families, kinds and protocols of sockets, as the kernel numbers them.
_SOCKETS = {
    "udp": (2, 2, 0),
    "icmp": (2, 2, 1),
    "raw": (2, 3, 255),
    "udp over IPv6": (10, 2, 0),
    "sctp": (2, 1, 132),
    "local": (1, 1, 0),
    "netlink": (16, 3, 0),
    "packet": (17, 3, 0),
    "bluetooth": (31, 5, 0),
    "kernel crypto": (38, 5, 0),
    "virtual machine's host": (40, 1, 0),
    "smc": (43, 1, 0),
    "xdp": (44, 3, 0),
}


@both_ways
@pytest.mark.parametrize("kind", _SOCKETS)
def test_there_is_no_other_kind_of_socket(kind: str, way: str, tmp_path: Path) -> None:
    """A name server, a kernel interface or a host may be asked by any of them."""
    code = f"import socket\ntry: socket.socket(*{_SOCKETS[kind]})\nexcept OSError as error: print(error.errno)"
    assert attack(tmp_path, code, way).stdout == "13\n"


@both_ways
def test_io_uring_makes_no_sockets_either(way: str, tmp_path: Path) -> None:
    """It carries out calls that no filter looks at."""
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(425, 1, ctypes.create_string_buffer(120)), ctypes.get_errno())
"""
    assert attack(tmp_path, code, way).stdout == "-1 13\n"


@both_ways
@pytest.mark.skipif(platform.machine() != "x86_64", reason="no other machine has this interface")
def test_calls_by_numbers_of_x32_are_refused(way: str, tmp_path: Path) -> None:
    """The same call has another number there."""
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(0x40000000 + 41, 2, 1, 0), ctypes.get_errno())
"""
    assert attack(tmp_path, code, way).stdout == "-1 13\n"


@both_ways
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instruction is that machine's")
def test_a_call_as_32_bit_programs_make_it_ends_the_process(way: str, tmp_path: Path) -> None:
    """Numbers of calls mean others there: 359 makes a socket."""
    code = """
import ctypes, mmap
memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
# push rbx; mov eax, 359; mov ebx, 2; mov ecx, 1; xor edx, edx; int 0x80; pop rbx; ret
memory.write(bytes.fromhex("53 b867010000 bb02000000 b901000000 31d2 cd80 5b c3"))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
print("made a socket", call(), flush=True)
"""
    done = attack(tmp_path, code, way)
    assert "made a socket" not in done.stdout
    assert done.returncode == 128 + 31  # SIGSYS.


@both_ways
def test_a_pair_of_sockets_cannot_be_turned_to_a_local_service(way: str, tmp_path: Path) -> None:
    """One of a pair for datagrams can be sent to any path: a system's log, or a service that takes open files."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind("\0orchestrator-attack-" + tmp_path.name)
        service.settimeout(0)
        code = f"""
import socket
try:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b'reached', '\\0orchestrator-attack-{tmp_path.name}')
except OSError as error: print(type(error).__name__)
one, other = socket.socketpair()
try: one.connect('\\0orchestrator-attack-{tmp_path.name}')
except OSError as error: print(type(error).__name__)
one.send(b'pair'); print(other.recv(4))
"""
        done = attack(tmp_path, code, way)
        with pytest.raises(BlockingIOError):
            service.recv(16)
    assert done.stdout.split() == ["PermissionError", "PermissionError", "b'pair'"], done.stderr


@both_ways
def test_what_it_starts_is_held_as_well(way: str, tmp_path: Path) -> None:
    """Programs, and what those start."""
    code = """
import subprocess, sys
code = "import socket, sys\\ntry: socket.socket()\\nexcept PermissionError: sys.exit(7)"
print(subprocess.run(['sh', '-c', f'{sys.executable} -c "$0"', code]).returncode)
"""
    assert attack(tmp_path, code, way).stdout == "7\n"
