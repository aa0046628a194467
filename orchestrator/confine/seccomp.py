"""Installs a filter of system calls, which holds for this process and all that it starts, and cannot be taken back."""

import ctypes
import errno
import os
import sys

from orchestrator.confine import filters, system
from orchestrator.confine.machines import MACHINES

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_there() -> bool:
    """Whether the kernel takes filters: it then says that none was handed over, and else that it knows no such mode."""
    if sys.platform != "linux":
        return False
    try:
        system.call("prctl", _PR_SET_SECCOMP, _MODE_FILTER, None, 0, 0)
    except OSError as error:
        return error.errno == errno.EFAULT
    return False


def restrict(network: str) -> None:
    """Give up what the filter refuses. No privilege may be gained any more: see `privileges.refuse`.

    Args:
        network: which sockets are left, see `filters`.

    Raises:
        OSError: this kernel, or this machine, has no such filter.
    """
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {os.uname().machine}")
    instructions = filters.program(machine, network)
    made = _Program(len(instructions) // 8, instructions)
    system.call("prctl", _PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(made), 0, 0)
