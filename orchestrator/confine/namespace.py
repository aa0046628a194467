"""A process namespace: whatever a command starts cannot leave it, and ends when its first process ends."""

import os
from contextlib import suppress

from orchestrator.confine import system

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 16384, 1 << 18


def enter() -> bool:
    """Let the next child be the first process of a namespace; False where the system does not allow it.

    Root may do so; others may in a user namespace, in which they stay who they are.
    """
    if not hasattr(os, "getuid"):
        return False
    user, group = os.getuid(), os.getgid()
    try:
        if user == 0:
            system.call("unshare", _CLONE_NEWPID | _CLONE_NEWNS)
        else:
            system.call("unshare", _CLONE_NEWUSER | _CLONE_NEWPID | _CLONE_NEWNS)
            _write("setgroups", "deny")
            _write("uid_map", f"{user} {user} 1")
            _write("gid_map", f"{group} {group} 1")
    except OSError:
        return False
    return True


def show_own_processes() -> None:
    """Mount a `/proc` that shows the namespace's processes alone. Some containers forbid it, to no other harm."""
    with suppress(OSError):
        system.call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
        system.call("mount", b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, None)


def _write(name: str, text: str) -> None:
    with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123  # pathlib is slow to import.
        file.write(text)
