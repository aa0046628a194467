"""Landlock: what a process gives up for itself and all that it starts, with no privilege needed.

It keeps files from being written to and read, processes outside from being looked into (their environment holds
credentials) and signalled, and tools that fetch from connecting to other ports (credentials are served on port 80).
The numbers are those of the kernel's `include/uapi/linux/landlock.h`.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from orchestrator.confine import system

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ONLY_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
_READ = _READ_FILE | _READ_DIR
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_REFER = 1 << 13
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_SOCKETS_AND_SIGNALS = 0b11
# Before its second version it forbids to move a file from one folder to another, which builds do.
OLDEST_ABI = 2
_ABI_TRUNCATE, _ABI_NET, _ABI_SCOPE = 3, 4, 6


def abi() -> int:
    """The kernel's version of Landlock, 0 when it has none."""
    if sys.platform != "linux":
        return 0
    try:
        return system.call("syscall", _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ONLY_VERSION))
    except OSError:
        return 0


def restrict(version: int, writable: Iterable[str], readable: Iterable[str], ports: Iterable[int]) -> None:
    """Give up everything else.

    Args:
        version: of Landlock, as `abi` answers; at least `OLDEST_ABI`.
        writable: folders and files that may be read and written.
        readable: those that may be read.
        ports: TCP ports that may be connected to, where the version can tell.

    Raises:
        OSError: the kernel cannot.
    """
    write = _WRITE_FILE | _REMOVE_AND_MAKE | _REFER | (_TRUNCATE if version >= _ABI_TRUNCATE else 0)
    with _ruleset(version, _READ | write) as ruleset:
        for paths, rights in ((readable, _READ), (writable, _READ | write)):
            for path in paths:
                _allow_path(ruleset, path, rights)
        for port in ports if version >= _ABI_NET else ():
            _add(ruleset, _NET_PORT, struct.pack("=QQ", _CONNECT_TCP, port))
        system.call("syscall", _RESTRICT_SELF, ruleset, ctypes.c_uint32(0))


@contextmanager
def _ruleset(version: int, files: int) -> Iterator[int]:
    network = _BIND_TCP | _CONNECT_TCP if version >= _ABI_NET else 0
    scope = _SCOPE_SOCKETS_AND_SIGNALS if version >= _ABI_SCOPE else 0
    # A kernel takes a structure longer than it knows as long as the rest is zero.
    attributes = struct.pack("=QQQ", files, network, scope)
    length = ctypes.c_size_t(len(attributes))
    ruleset = system.call("syscall", _CREATE_RULESET, attributes, length, ctypes.c_uint32(0))
    try:
        yield ruleset
    finally:
        os.close(ruleset)


def _allow_path(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        of_files = _WRITE_FILE | _READ_FILE | (rights & _TRUNCATE)
        allowed = rights if os.path.isdir(path) else rights & of_files  # noqa: PTH112  # pathlib is slow to import.
        _add(ruleset, _PATH_BENEATH, struct.pack("=Qi", allowed, opened))
    finally:
        os.close(opened)


def _add(ruleset: int, kind: int, rule: bytes) -> None:
    system.call("syscall", _ADD_RULE, ruleset, kind, rule, ctypes.c_uint32(0))
