"""A proxy that tunnels to opened hosts, for code that is hostile.

A connection is one request: what comes after it goes to the host if that is opened, and is not read if it is refused.
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from orchestrator.build.network.conversation import Conversation, RefusedError
from orchestrator.build.network.reach import Reach
from orchestrator.build.network.traffic import Traffic
from orchestrator.build.network.tunnel import Ends, Tunnel, close
from orchestrator.config.network import Host, listed

_RESOLVERS = 4


class Proxy:
    """Leads to opened hosts.

    Args:
        hosts: those.
        reach: how they are reached.
    """

    def __init__(self, hosts: Sequence[str], reach: Reach) -> None:
        # A pattern may name a private host as well, which allows less.
        self._hosts = sorted(map(Host.of, hosts), key=lambda host: not host.is_private)
        self._names = listed(hosts)
        self._reach = reach
        self._bounds = reach.bounds
        self._open = 0
        # A name server that does not answer must not hold up the end.
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolve")
        self.traffic = Traffic(reach.bounds.carried_bytes)
        """What went through it."""

    async def serve(self, listener: socket.socket, end: socket.socket) -> None:
        """Serve whoever connects to a socket.

        Args:
            listener: that socket.
            end: closed by its peer when nobody is to be served any more.
        """
        end.settimeout(0)
        server = await asyncio.start_server(self._serve, sock=listener)
        try:
            await asyncio.get_running_loop().sock_recv(end, 1)
        finally:
            # Tunnels end with the loop; nobody waits for them.
            server.close()
            self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        conversation = Conversation.new(self._bounds.head_bytes)
        try:
            await self._lead(conversation, (reader, writer))
        except RefusedError as refusal:
            self.traffic.refused(str(refusal))
            writer.write(conversation.refused(refusal))
        except OSError:
            # One of the two is gone, and so is the tunnel.
            pass
        finally:
            await close(writer, self._bounds.idle_seconds)
            self._open -= 1

    async def _lead(self, conversation: Conversation, inside: Ends) -> None:
        if self._open > self._bounds.connections:
            most = f"more than {self._bounds.connections} connections at the same time"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, most)
        name, port = await conversation.asked(inside[0], self._bounds.head_seconds)
        place = f"{name}:{port}"
        outside = await self._connected(self._host(name, port), name, place)
        try:
            self.traffic.opened(place)
            answer, early = conversation.agreed()
            inside[1].write(answer)
            outside[1].write(early)
            await Tunnel(place, self.traffic, self._bounds.idle_seconds).carry(inside, outside)
        finally:
            await close(outside[1], self._bounds.idle_seconds)

    def _host(self, name: str, port: int) -> Host:
        for host in self._hosts:
            if host.is_named(name, port):
                return host
        why = f"{name}:{port} is not among the hosts that [build] network opens to this unit: {self._names}"
        raise RefusedError(HTTPStatus.FORBIDDEN, why)

    async def _connected(self, host: Host, name: str, place: str) -> Ends:
        try:
            async with asyncio.timeout(self._bounds.connect_seconds):
                addresses = await self._addresses(host, name, place)
                return await _first_that_answers(addresses, host.port)
        except TimeoutError as error:
            raise RefusedError(HTTPStatus.GATEWAY_TIMEOUT, f"{place} was not reached in time") from error
        except (OSError, UnicodeError) as error:
            why = f"{place} was not reached: {getattr(error, 'strerror', None) or error}"
            raise RefusedError(HTTPStatus.BAD_GATEWAY, why) from error

    async def _addresses(self, host: Host, name: str, place: str) -> list[str]:
        """Everywhere that a host is: one place where it may not be is enough, or it would be a matter of chance."""
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(self._resolvers, self._reach.resolve, name, host.port)
        if refused := self._reach.refused(host, addresses):
            kind = "neither public nor private" if host.is_private else "not public"
            why = f"{place} leads to addresses that are {kind}: {', '.join(map(repr, refused))}"
            raise RefusedError(HTTPStatus.FORBIDDEN, why)
        return addresses


async def _first_that_answers(addresses: list[str], port: int) -> Ends:
    problem = OSError("it has no address")
    for address in addresses:
        try:
            return await asyncio.open_connection(address, port)
        except OSError as error:
            problem = error
    raise problem
