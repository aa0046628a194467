"""The few calls of the C library that Python has no words for."""

import ctypes
import os

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36

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
    attempt("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent(signal: int) -> None:
    """Have the kernel send this process a signal when its parent ends, however it ends."""
    attempt("prctl", _PR_SET_PDEATHSIG, signal, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of all that this process's children leave behind."""
    attempt("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def attempt(name: str, *arguments: int) -> bool:
    """Call a function that may not be there, or may be refused; returns whether it succeeded."""
    try:
        call(name, *arguments)
    except OSError:
        return False
    return True
