"""The few calls of the C library that Python has no words for."""

import ctypes
import os

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_HIGHEST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """Call a function of the C library.

    Raises:
        OSError: it failed, or is not there.
    """
    try:
        result = int(getattr(_libc, name)(*arguments))
    except AttributeError as error:
        raise OSError(0, f"this system has no {name}") from error
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def hide() -> None:
    """Keep other processes of the same user from reading this one's memory and environment, where that is possible."""
    _try("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent(signal: int) -> None:
    """Have the kernel send this process a signal when its parent ends, however it ends."""
    _try("prctl", _PR_SET_PDEATHSIG, signal, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of all that this process's children leave behind."""
    _try("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def refuse_privileges() -> None:
    """Gain none by programs to come, and drop those that root has.

    A root without them may not look into processes that have them: not into their environment, either.
    """
    for capability in range(_HIGHEST_CAPABILITY + 1):
        _try("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
    _try("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _try(name: str, *arguments: int) -> bool:
    try:
        call(name, *arguments)
    except OSError:
        return False
    return True
