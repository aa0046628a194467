"""A filter of system calls that keeps local sockets away: behind them are Docker, SSH agents, a session's services.

Landlock does not look at them, and each would do for a command what the command itself may not. Pairs of sockets that
a process makes for its own children are left. The numbers are those of the kernel's headers.
"""

import ctypes
import errno
import os
import struct
import sys

from orchestrator.confine import system

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD_WORD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _REFUSE, _END = 0x7FFF0000, 0x00050000 | errno.EACCES, 0x80000000
_LOCAL = 1
# By it, sockets could be made without the call that is looked at.
_IO_URING_SETUP = 425
# Calls in the form of 32-bit programs have these numbers on x86_64.
_X32 = 0x40000000
# By machine: how the kernel calls it, and the number of `socket`.
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def refuse_local() -> bool:
    """Give up local sockets for this process and all that it starts; False where that is not known how to.

    No privilege may be gained any more: see `system.refuse_privileges`.
    """
    found = _MACHINES.get(os.uname().machine)
    if sys.platform != "linux" or found is None:
        return False
    instructions = _filter(*found)
    program = _Program(len(instructions) // 8, instructions)
    try:
        system.call("prctl", _PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0)
    except OSError:
        return False
    return True


def _filter(architecture: int, socket: int) -> bytes:
    """The filter: each line is an operation, how many to skip when it is so and when not, and its operand."""
    lines = (
        (_LOAD_WORD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _END),
        (_LOAD_WORD, 0, 0, _NUMBER),
        (_AT_LEAST, 5, 0, _X32),
        (_EQUAL, 4, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 2, socket),
        (_LOAD_WORD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 1, 0, _LOCAL),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    )
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
