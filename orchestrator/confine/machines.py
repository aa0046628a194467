"""Numbers of system calls by machine, as the kernel's headers have them."""

from collections.abc import Mapping
from typing import NamedTuple


# No dataclass, for these are slow to import.
class Machine(NamedTuple):
    """A kind of processor.

    Attributes:
        architecture: the kernel's name of it, `AUDIT_ARCH_*`.
        calls: numbers of system calls by name.
    """

    architecture: int
    calls: Mapping[str, int]


# These have the same number on every machine.
_COMMON = {
    "clone3": 435,
    "pidfd_getfd": 438,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsmount": 432,
    "mount_setattr": 442,
}
_X86_64 = {
    "socket": 41,
    "connect": 42,
    "accept": 43,
    "sendto": 44,
    "sendmsg": 46,
    "bind": 49,
    "listen": 50,
    "setsockopt": 54,
    "socketpair": 53,
    "clone": 56,
    "ptrace": 101,
    "mount": 165,
    "umount2": 166,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "unshare": 272,
    "accept4": 288,
    "perf_event_open": 298,
    "sendmmsg": 307,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "bpf": 321,
    "userfaultfd": 323,
}
_AARCH64 = {
    "umount2": 39,
    "mount": 40,
    "unshare": 97,
    "ptrace": 117,
    "socket": 198,
    "socketpair": 199,
    "bind": 200,
    "listen": 201,
    "accept": 202,
    "connect": 203,
    "sendto": 206,
    "setsockopt": 208,
    "sendmsg": 211,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "clone": 220,
    "perf_event_open": 241,
    "accept4": 242,
    "setns": 268,
    "sendmmsg": 269,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "bpf": 280,
    "userfaultfd": 282,
}
MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(0xC000003E, {**_COMMON, **_X86_64}),
    "aarch64": Machine(0xC00000B7, {**_COMMON, **_AARCH64}),
}
"""By what `uname -m` prints."""
