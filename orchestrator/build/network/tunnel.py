"""Carries bytes between two connections, for as long as any go through and not too many have."""

import asyncio

from orchestrator.build.network.traffic import Traffic
from orchestrator.frozen import dataclass

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
"""What a connection is read from and written to."""

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Tunnel:
    """A pair of connections.

    Attributes:
        place: where the outer one leads to.
        traffic: counts what goes through.
        idle_seconds: how long nothing may go through.
    """

    place: str
    traffic: Traffic
    idle_seconds: float

    async def carry(self, inside: Ends, outside: Ends) -> None:
        """Carry all there is, in both directions."""
        try:
            async with asyncio.timeout(self.idle_seconds) as idle, asyncio.TaskGroup() as both:
                both.create_task(self._carry(inside[0], outside[1], idle))
                both.create_task(self._carry(outside[0], inside[1], idle))
        except* TimeoutError:
            self.traffic.refused(f"{self.place}, through which nothing went for {self.idle_seconds:g} seconds")
        except* OSError:
            # One of the two is gone, or too much went through.
            pass

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, idle: asyncio.Timeout) -> None:
        while chunk := await source.read(_CHUNK):
            self.traffic.carry(self.place, len(chunk))
            target.write(chunk)
            await target.drain()
            idle.reschedule(asyncio.get_running_loop().time() + self.idle_seconds)
        target.write_eof()


async def close(writer: asyncio.StreamWriter, seconds: float) -> None:
    """Close a connection when everything is written, and at once where nobody reads it for too long."""
    writer.close()
    try:
        async with asyncio.timeout(seconds):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()
