"""The programs that the kernel runs before each system call, run here as the kernel would."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.confine.filters import HOSTS, INDEXES, NO_NETWORK, program
from orchestrator.confine.machines import MACHINES, Machine

_ALLOW, _REFUSE, _UNKNOWN, _END = 0x7FFF0000, 0x50000 | errno.EACCES, 0x50000 | errno.ENOSYS, 0x80000000
both = pytest.mark.parametrize("name", MACHINES)


def answer(machine: Machine, network: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What a filter answers to a call."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=IIQ6Q", number, architecture or machine.architecture, 0, *padded)
    lines = list(struct.iter_unpack("=HBBI", program(machine, network)))
    at, value = 0, 0
    while True:
        operation, if_so, if_not, operand = lines[at]
        at += 1
        match operation:
            case 0x20:
                (value,) = struct.unpack_from("=I", data, operand)
            case 0x54:
                value &= operand
            case 0x06:
                return int(operand)
            case _:
                holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
                at += if_so if holds else if_not


@both
def test_of_sockets_there_are_pairs_alone(name: str) -> None:
    """Connected ones, whatever flags they are made with."""
    machine = MACHINES[name]
    pair, cloexec = machine.calls["socketpair"], 0o2000000
    assert answer(machine, NO_NETWORK, pair, 1, 1 | cloexec) == _ALLOW
    assert answer(machine, NO_NETWORK, pair, 1, 5 | cloexec) == _ALLOW
    assert answer(machine, NO_NETWORK, pair, 1, 2 | cloexec) == _REFUSE
    assert answer(machine, NO_NETWORK, pair, 30, 1) == _REFUSE


@both
@given(domain=st.integers(0, 2**32 - 1), kind=st.integers(0, 2**32 - 1), protocol=st.integers(0, 2**32 - 1))
def test_no_socket_of_any_kind_is_made(name: str, domain: int, kind: int, protocol: int) -> None:
    """Those that the next kernel brings included."""
    machine = MACHINES[name]
    assert answer(machine, NO_NETWORK, machine.calls["socket"], domain, kind, protocol) == _REFUSE


@both
@given(domain=st.integers(0, 64), kind=st.integers(0, 2**32 - 1), protocol=st.integers(0, 300))
def test_tools_that_fetch_have_tcp_and_what_asks_name_servers(name: str, domain: int, kind: int, protocol: int) -> None:
    """And nothing else."""
    machine = MACHINES[name]
    known = domain in {2, 10} and kind & 0xF in {1, 2} and protocol in {0, 6, 17}
    expected = _ALLOW if known else _REFUSE
    assert answer(machine, INDEXES, machine.calls["socket"], domain, kind, protocol) == expected


@both
@given(domain=st.integers(0, 64), kind=st.integers(0, 2**32 - 1), protocol=st.integers(0, 300))
def test_code_to_which_hosts_are_opened_connects_by_tcp(name: str, domain: int, kind: int, protocol: int) -> None:
    """And by nothing else; nobody connects to it."""
    machine = MACHINES[name]
    known = domain in {2, 10} and kind & 0xF == 1 and protocol in {0, 6}
    expected = _ALLOW if known else _REFUSE
    assert answer(machine, HOSTS, machine.calls["socket"], domain, kind, protocol) == expected
    assert answer(machine, HOSTS, machine.calls["connect"], 3, 0, 16) == _ALLOW
    listening = ("bind", "listen", "accept", "accept4")
    assert {answer(machine, HOSTS, machine.calls[call], 3) for call in listening} == {_REFUSE}
    options = {option: answer(machine, HOSTS, machine.calls["setsockopt"], 3, 6, option) for option in range(64)}
    assert {option for option, given in options.items() if given != _ALLOW} == {31}


@both
@pytest.mark.parametrize("network", [INDEXES, HOSTS])
@pytest.mark.parametrize(("call", "place"), [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)])
def test_nothing_is_sent_while_connecting(name: str, call: str, place: int, network: str) -> None:
    """By what may connect; a unit's code has nothing that could, as a rule."""
    machine = MACHINES[name]
    for flags, expected in ((0, _ALLOW), (0x4000, _ALLOW), (0x20000000, _REFUSE), (0x20004000, _REFUSE)):
        arguments = [0] * place + [flags]
        assert answer(machine, network, machine.calls[call], *arguments) == expected


@both
def test_processes_and_threads_are_started_and_no_namespaces(name: str) -> None:
    """Of a call whose flags cannot be seen, programs are told that it is not there: they use the other one."""
    machine = MACHINES[name]
    threads, process = 0x3D0F00, 0x01200011
    for flags, expected in ((threads, _ALLOW), (process, _ALLOW), (0x10000011, _REFUSE), (0x40000011, _REFUSE)):
        assert answer(machine, NO_NETWORK, machine.calls["clone"], flags) == expected
    assert answer(machine, NO_NETWORK, machine.calls["clone3"]) == _UNKNOWN


@both
def test_another_binary_interface_ends_the_process(name: str) -> None:
    """Its numbers mean other calls."""
    machine = MACHINES[name]
    assert answer(machine, NO_NETWORK, 0, architecture=0x40000003) == _END
    assert answer(machine, NO_NETWORK, 0x40000000) == _REFUSE


@both
def test_what_programs_do_all_the_time_is_allowed(name: str) -> None:
    """All that is not named."""
    machine = MACHINES[name]
    named = set(machine.calls.values())
    assert {answer(machine, NO_NETWORK, number) for number in range(450) if number not in named} == {_ALLOW}
