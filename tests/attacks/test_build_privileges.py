"""A build's code uses what root may do, or gets it back."""

import os
from pathlib import Path

import pytest

from orchestrator.confine.features import FIRST_USER, LAST_USER, of_this_machine
from tests.attacks.confined import attack, both_ways, only_linux

pytestmark = only_linux
as_root = pytest.mark.skipif(not of_this_machine().users, reason="only root may change who it is")
_CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    return libc.syscall(*arguments), ctypes.get_errno()
"""


@both_ways
def test_no_capability_is_left_whether_a_program_is_executed_or_not(way: str, tmp_path: Path) -> None:
    """The bounding set alone takes them from programs that are executed, and not from what runs already."""
    code = "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNew'))))"
    assert attack(tmp_path, code, way).stdout.split() == ["0" * 16] * 5 + ["1"]


@both_ways
@as_root
def test_it_is_not_root_and_in_none_of_its_groups(way: str, tmp_path: Path) -> None:
    """Root without capabilities is still the owner of all that is root's."""
    done = attack(tmp_path, "import os\nprint(*os.getresuid(), *os.getresgid(), os.getgroups())", way)
    *users, groups = done.stdout.split()
    assert len({*users}) == 1
    assert FIRST_USER <= int(users[0]) <= LAST_USER
    assert groups == "[]"


@both_ways
@as_root
def test_it_cannot_become_root_again(way: str, tmp_path: Path) -> None:
    """By none of its identities, and by no program that would make it root."""
    code = """
import os, subprocess
for attempt in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0]), lambda: os.setgid(0)):
    try: attempt(); print('root')
    except PermissionError: pass
print(subprocess.run(['su', 'root', '-c', 'id -u'], capture_output=True, text=True, stdin=-3).stdout, end='')
print(os.getuid() == 0)
"""
    assert attack(tmp_path, code, way).stdout == "False\n"


@both_ways
@as_root
def test_without_landlock_it_reads_and_writes_nothing_of_root(way: str, tmp_path: Path) -> None:
    """On an older kernel, and in containers, who owns a file is all that keeps it."""
    features = of_this_machine()._replace(landlock=0)
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    (secret / "key").write_text("stolen")
    (tmp_path / "key").write_text("stolen")
    (tmp_path / "key").chmod(0o600)
    paths = [str(secret / "key"), str(tmp_path / "key"), f"/proc/{os.getpid()}/environ", "/etc/shadow"]
    code = f"""
for path in {paths}:
    for mode in ('r', 'a'):
        try: print('opened', path, open(path, mode).read(1))
        except (PermissionError, FileNotFoundError): pass
open('mine', 'w').close()
"""
    done = attack(tmp_path, code, way, features)
    assert (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / "scratch" / "mine").exists()


@both_ways
@pytest.mark.parametrize("name", ["unshare", "mount", "ptrace", "keyctl", "bpf", "clone"])
def test_it_gets_no_view_of_the_system_in_which_it_has_privileges(name: str, way: str, tmp_path: Path) -> None:
    """In a namespace of its own, everybody is root; and the kernel's keys and programs are everybody's."""
    calls = {"unshare": "call(272, 0x10000000)", "mount": "call(165, b'x', b'/', b'tmpfs', 0, 0)"}
    calls |= {"ptrace": "call(101, 16, 1, 0, 0)", "keyctl": "call(250, 0, -3, 0)", "bpf": "call(321, 0, 0, 0)"}
    calls |= {"clone": "call(56, 0x10000011, 0, 0, 0, 0)"}
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are that machine's")
    assert attack(tmp_path, f"{_CALL}\nprint(*{calls[name]})", way).stdout == "-1 13\n"
