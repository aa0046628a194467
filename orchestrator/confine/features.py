"""What this machine can confine a command by."""

import os
import sys
from contextlib import suppress
from typing import NamedTuple

from orchestrator.confine import landlock, seccomp
from orchestrator.confine.machines import MACHINES

FIRST_USER, LAST_USER = 60_600, 61_100
"""Users that no system gives to anybody, and that containers have, too. Source: systemd's list of users and groups."""
# What root may do while it has these: give files away, and become another user with other groups.
_CHOWN, _SETGID, _SETUID = 0, 6, 7


class Features(NamedTuple):
    """What a kernel, and who starts commands on it, can do.

    Attributes:
        system: the operating system, as `sys.platform` has it.
        machine: the kind of processor, as `uname -m` prints it.
        filters: whether system calls can be filtered.
        landlock: the version of Landlock, 0 for none.
        root: whether commands would run as root.
        users: whether they can run as other users.
    """

    system: str
    machine: str
    filters: bool
    landlock: int
    root: bool
    users: bool

    @property
    def refuses_sockets(self) -> bool:
        """Whether sockets can be refused: the filter is written for some machines."""
        return self.system == "linux" and self.filters and self.machine in MACHINES


def of_this_machine() -> Features:
    """Ask the kernel."""
    root = sys.platform == "linux" and os.geteuid() == 0
    return Features(
        sys.platform,
        os.uname().machine,
        seccomp.is_there(),
        landlock.abi(),
        root,
        root and _may_change_users() and _has_users(),
    )


def _may_change_users() -> bool:
    held = 0
    with suppress(OSError, ValueError), open("/proc/self/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123  # pathlib is slow to import.
        held = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    return all(held >> one & 1 for one in (_CHOWN, _SETGID, _SETUID))


def _has_users() -> bool:
    """Whether the users are known: a container may have root alone, or a part of them."""
    with suppress(OSError, ValueError), open("/proc/self/uid_map", encoding="ascii") as file:  # noqa: PTH123  # As above.
        ranges = [tuple(map(int, line.split())) for line in file]
        return any(first <= FIRST_USER <= LAST_USER < first + count for first, _, count in ranges)
    return False
