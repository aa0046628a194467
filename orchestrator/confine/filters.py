"""Programs that the kernel runs before each system call, and that refuse those that lead out of a confinement.

A socket is the way to everything that is not a file: the network by TCP, MPTCP, UDP and whatever protocol comes next,
local services, virtual machines' hosts, the kernel's own interfaces. So the unit's code gets none at all but pairs of
connected ones; a list of what is dangerous would miss what the next kernel brings. io_uring makes sockets without the
calls that are looked at, and other binary interfaces have other numbers for them.
"""

import errno
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from orchestrator.confine.machines import Machine

NO_NETWORK, INDEXES, HOSTS = "none", "indexes", "hosts"
"""The sockets of a command: none, as for a unit's code; those of TCP and name servers, as for tools that fetch; those
that connect by TCP, as for a unit's code to which hosts are opened, in a network namespace that leads nowhere else."""

_ALLOW, _END, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EACCES, 0x00050000 | errno.ENOSYS
_LOAD, _AND, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _ARGUMENT_BYTES = 0, 4, 16, 8
# Calls in the form of 32-bit programs have these numbers on x86_64.
_X32 = 0x40000000
_ALL_BITS, _TYPE_BITS = 0xFFFFFFFF, 0xF
_UNIX, _INET, _INET6 = 1, 2, 10
_STREAM, _DATAGRAM, _PACKETS = 1, 2, 5
_ANY_PROTOCOL, _TCP, _UDP = 0, 6, 17
# Puts another protocol upon TCP, of which some are sockets by themselves.
_UPPER_LAYER = 31
# Connects while it sends, which is no call of `connect` to the kernel's other guards.
_FAST_OPEN = 0x20000000
# New namespaces: of mounts, control groups, names, queues, users, processes, networks.
_NEW_NAMESPACES = 0x7E020000

_NEVER = (
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    # Other processes: their memory, their open files.
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd"),
    # Other views of the system, in which one has privileges.
    *("unshare", "setns", "mount", "umount2", "open_tree", "move_mount", "fsopen", "fsmount", "mount_setattr"),
    # The kernel's keys, programs and counters.
    *("add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd"),
)
# What sockets are good for that come from elsewhere. A pair is connected already.
_LISTENING = ("bind", "listen", "accept", "accept4")
_OF_SOCKETS = ("socket", "connect", *_LISTENING)
# By call: which argument holds its flags.
_SENDING = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}


class _Line(NamedTuple):
    """An instruction: an operation, how many to skip when it is so and when not, and its operand."""

    operation: int
    if_so: int
    if_not: int
    operand: int


_Rule = Sequence[_Line]


def program(machine: Machine, network: str) -> bytes:
    """The program of a confinement.

    Args:
        machine: what it is for.
        network: `NO_NETWORK`, `INDEXES` or `HOSTS`.
    """
    calls = machine.calls
    # Only pairs that cannot be connected to, or send to, anything else.
    rules = [_on(calls["socketpair"], [*_one_of(0, {_UNIX}), *_one_of(1, {_STREAM, _PACKETS}, _TYPE_BITS)])]
    rules += [_on(calls[name], [_answer(_REFUSE)]) for name in _NEVER]
    # Its flags lie in memory, where a filter cannot look; programs then use `clone`.
    rules += [_on(calls["clone3"], [_answer(_UNKNOWN)]), _on(calls["clone"], _none_of(0, _NEW_NAMESPACES))]
    rules += _SOCKETS[network](machine)
    lines = [
        _Line(_LOAD, 0, 0, _ARCHITECTURE),
        _Line(_EQUAL, 1, 0, machine.architecture),
        _answer(_END),
        _Line(_LOAD, 0, 0, _NUMBER),
        _Line(_AT_LEAST, 0, 1, _X32),
        _answer(_REFUSE),
        *(line for rule in rules for line in rule),
        _answer(_ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _of_nothing(machine: Machine) -> Iterable[_Rule]:
    return _refused(machine, _OF_SOCKETS)


def _of_indexes(machine: Machine) -> Iterable[_Rule]:
    yield from _of_internet(machine, {_STREAM, _DATAGRAM}, {_ANY_PROTOCOL, _TCP, _UDP})


def _of_hosts(machine: Machine) -> Iterable[_Rule]:
    yield from _of_internet(machine, {_STREAM}, {_ANY_PROTOCOL, _TCP})
    yield from _refused(machine, _LISTENING)
    yield _on(machine.calls["setsockopt"], _not(2, _UPPER_LAYER))


_SOCKETS: Mapping[str, Callable[[Machine], Iterable[_Rule]]] = {
    NO_NETWORK: _of_nothing,
    INDEXES: _of_indexes,
    HOSTS: _of_hosts,
}


def _of_internet(machine: Machine, kinds: Iterable[int], protocols: Iterable[int]) -> Iterable[_Rule]:
    made = [*_one_of(0, {_INET, _INET6}), *_one_of(1, kinds, _TYPE_BITS), *_one_of(2, protocols)]
    yield _on(machine.calls["socket"], made)
    for name, flags in _SENDING.items():
        yield _on(machine.calls[name], _none_of(flags, _FAST_OPEN))


def _refused(machine: Machine, names: Iterable[str]) -> Iterable[_Rule]:
    return (_on(machine.calls[name], [_answer(_REFUSE)]) for name in names)


def _on(number: int, rule: _Rule) -> _Rule:
    """A rule of one call; what it does not refuse goes on."""
    return [_Line(_LOAD, 0, 0, _NUMBER), _Line(_EQUAL, 0, len(rule), number), *rule]


def _one_of(argument: int, values: Iterable[int], bits: int = _ALL_BITS) -> Sequence[_Line]:
    """Refuse the call unless an argument has one of some values, of which the bits count."""
    allowed = sorted(values)
    checks = [_Line(_EQUAL, len(allowed) - number, 0, value) for number, value in enumerate(allowed)]
    return [_argument(argument), _Line(_AND, 0, 0, bits), *checks, _answer(_REFUSE)]


def _none_of(argument: int, bits: int) -> Sequence[_Line]:
    """Refuse the call if an argument has any of some bits."""
    return [_argument(argument), _Line(_ANY_BIT, 0, 1, bits), _answer(_REFUSE)]


def _not(argument: int, value: int) -> Sequence[_Line]:
    """Refuse the call if an argument has a value."""
    return [_argument(argument), _Line(_EQUAL, 0, 1, value), _answer(_REFUSE)]


def _argument(number: int) -> _Line:
    """Load the lower half of an argument: all of these are 32-bit numbers, or flags within them."""
    return _Line(_LOAD, 0, 0, _FIRST_ARGUMENT + _ARGUMENT_BYTES * number)


def _answer(what: int) -> _Line:
    return _Line(_RETURN, 0, 0, what)
