"""A user for the code of one build, where root builds: it owns the build's folders, and nothing else on the machine."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from orchestrator.confine.features import FIRST_USER, LAST_USER, Features
from orchestrator.errors import RequestError


@contextmanager
def own_user(features: Features) -> Iterator[int | None]:
    """A user that no other build on this machine has meanwhile; None where who builds is the only one there can be.

    Raises:
        RequestError: all of them are taken.
    """
    if not features.users:
        yield None
        return
    # The kernel gives a name to one socket at a time, and takes it back when that ends, however it ends.
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as claim:
        yield next(user for user in _in_turn() if _claimed(claim, user))


def _in_turn() -> Iterator[int]:
    count = LAST_USER + 1 - FIRST_USER
    for number in range(count):
        yield FIRST_USER + (os.getpid() + number) % count
    raise RequestError(
        f"All users {FIRST_USER} to {LAST_USER}, which builds run as, are taken by builds on this machine. Let some of "
        "them end."
    )


def _claimed(claim: socket.socket, user: int) -> bool:
    try:
        claim.bind(f"\0orchestrator-build-user-{user}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True
