"""Namespaces: whatever a command starts cannot leave them, and ends when the first process in them ends."""

import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack, suppress

from orchestrator.confine import system

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18


def enter() -> bool:
    """Let the next child be the first process of a namespace; False where the system does not allow it."""
    try:
        _unshare(_CLONE_NEWPID | _CLONE_NEWNS)
    except OSError:
        return False
    return True


def enter_with_network() -> None:
    """Do the same, and enter a network namespace, which has nothing but a loopback interface that is down.

    Raises:
        OSError: the system does not allow it.
    """
    _unshare(_CLONE_NEWPID | _CLONE_NEWNS | _CLONE_NEWNET)


def _unshare(kinds: int) -> None:
    """Make namespaces. Root may do so; others may in a user namespace, in which they stay who they are."""
    user, group = os.getuid(), os.getgid()
    if user == 0:
        system.call("unshare", kinds)
    else:
        system.call("unshare", _CLONE_NEWUSER | kinds)
        _write("setgroups", "deny")
        _write("uid_map", f"{user} {user} 1")
        _write("gid_map", f"{group} {group} 1")


def show_own_processes() -> None:
    """Mount a `/proc` that shows the namespace's processes alone. Some containers forbid it, to no other harm."""
    with suppress(OSError):
        system.call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
        _mount("/proc", "proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def make_reachable(paths: Iterable[str], user: int) -> None:
    """Let another user get to what lies below folders that are closed to it, such as an interpreter in `/root`.

    In the place of such a folder comes an empty one that holds these paths alone.

    Raises:
        OSError: a folder is closed, and the system does not allow it to be replaced.
    """
    wanted = sorted({found for path in paths for found in (path, os.path.realpath(path))})
    replaced = False
    while closed := _closed(wanted, user):
        for folder, within in closed.items():
            _replace(folder, within)
        replaced = True
    if replaced:
        # Else it would be the folder behind the empty one.
        with suppress(OSError):
            os.chdir(os.getcwd())  # noqa: PTH109  # pathlib is slow to import.


def _closed(paths: Iterable[str], user: int) -> dict[str, list[str]]:
    """By folder that the user may not pass, what is wanted below it."""
    closed: dict[str, list[str]] = {}
    for path in paths:
        folder = _closed_folder(path, user)
        if folder and os.path.exists(path):  # noqa: PTH110  # As above.
            closed.setdefault(folder, []).append(path)
    return closed


def _closed_folder(path: str, user: int) -> str:
    """The first folder on the way to a path that a user may not pass; empty when there is none."""
    parts = path.split("/")
    for count in range(2, len(parts)):
        folder = "/".join(parts[:count])
        try:
            found = os.stat(folder)  # noqa: PTH116  # As above.
        except OSError:
            return ""
        if not found.st_mode & stat.S_IXOTH and found.st_uid != user:
            return folder
    return ""


def _replace(folder: str, within: Iterable[str]) -> None:
    with ExitStack() as stack:
        opened = {}
        for path in within:
            opened[path] = os.open(path, os.O_PATH | os.O_CLOEXEC)
            stack.callback(os.close, opened[path])
        try:
            _mount(folder, "tmpfs", "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755")
        except OSError as error:
            raise OSError(
                error.errno,
                f"the user that it runs as may not pass {folder}, and nothing can be mounted in its place here "
                f"({error.strerror}): let others pass it (chmod o+x), or keep what builds use elsewhere",
            ) from error
        for path, descriptor in opened.items():
            _put(descriptor, path)


def _put(descriptor: int, path: str) -> None:
    """Have what is open lie at a path once more."""
    if os.path.exists(path):  # noqa: PTH110  # As above.
        return  # It lies in something that was put there before.
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)  # noqa: PTH103, PTH120  # As above.
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.mkdir(path, mode=0o755)  # noqa: PTH102  # As above.
    else:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(path, f"/proc/self/fd/{descriptor}", None, _MS_BIND)


def _mount(where: str, what: str, kind: str | None, flags: int, options: str | None = None) -> None:
    kind_, options_ = (value and value.encode() for value in (kind, options))
    system.call("mount", os.fsencode(what), os.fsencode(where), kind_, flags, options_)


def _write(name: str, text: str) -> None:
    with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123  # pathlib is slow to import.
        file.write(text)
