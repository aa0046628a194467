"""The way of one command to opened hosts: a proxy in a thread, which ends with the command."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Thread

from orchestrator.build.network.proxy import Proxy
from orchestrator.build.network.reach import Reach
from orchestrator.confine import loopback


class Gateway:
    """Serves one command.

    Args:
        hosts: those that are opened to it.
        reach: how they are reached.
    """

    def __init__(self, hosts: Sequence[str], reach: Reach) -> None:
        self._proxy = Proxy(hosts, reach)
        self._ours, self._theirs = socket.socketpair()
        self._thread = Thread(target=self._run, name="gateway", daemon=True)

    @property
    def channel(self) -> int:
        """The descriptor that the command's launcher inherits."""
        return self._theirs.fileno()

    def begin(self) -> None:
        """Serve the command, whose launcher has been started."""
        self._theirs.close()
        self._thread.start()

    def end(self) -> Iterator[str]:
        """Serve it no longer; returns lines of what it did."""
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        return self._proxy.traffic.lines()

    def _run(self) -> None:
        # Closed by the launcher's end, too: it may have been refused what it needs, and says so itself.
        with self._ours, suppress(ConnectionError):
            listener = loopback.taken_from(self._ours)
            if listener is not None:
                asyncio.run(self._proxy.serve(listener, self._ours))
