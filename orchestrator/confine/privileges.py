"""Privileges that a process gives up: root's capabilities, and the user that it runs as.

A program that is executed gets what the bounding set leaves it, and code that is run without executing anything keeps
what there is: so all sets are emptied.
"""

import ctypes
import os

from orchestrator.confine import system

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_PR_CAP_AMBIENT, _CLEAR_ALL = 47, 4
_HIGHEST_CAPABILITY = 63
_VERSION_3, _WORDS = 0x20080522, 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def refuse(user: int | None) -> None:
    """Become a user, drop all capabilities, and gain none by programs to come.

    Args:
        user: whom to become, with a group of the same number alone; None stays who one is.

    Raises:
        OSError: the system does not allow it.
    """
    for capability in range(_HIGHEST_CAPABILITY + 1):
        # Those that the kernel does not know, and all where one has none.
        system.attempt("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        # Who changes the user cannot look at himself in /proc, until a program is executed.
        system.attempt("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    system.attempt("prctl", _PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    if hasattr(os, "setresuid"):
        header, none = _Header(_VERSION_3, 0), (_Sets * _WORDS)()
        system.call("capset", ctypes.byref(header), ctypes.byref(none))
    system.call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
