"""The addresses that are connected to for an opened host: a name is resolved once, and what was checked is used."""

from collections.abc import Callable

from orchestrator.config.network import Host
from orchestrator.frozen import dataclass
from orchestrator.web.addresses import Place, is_private, is_public, resolved


@dataclass(frozen=True)
class Bounds:
    """Limits of one command.

    Attributes:
        connections: at the same time.
        head_bytes: of a request.
        head_seconds: until a request is complete.
        connect_seconds: until a host is found, and until it answers.
        idle_seconds: how long nothing may go through a connection.
        carried_bytes: through all connections, in both directions.
    """

    connections: int = 64
    head_bytes: int = 8 * 1024
    head_seconds: float = 10
    connect_seconds: float = 15
    idle_seconds: float = 120
    carried_bytes: int = 16 * 1024**3


@dataclass(frozen=True)
class Reach:
    """The way to opened hosts.

    Attributes:
        resolve: finds the addresses of a host.
        also: addresses that may be connected to whatever they are.
        bounds: of one command.
    """

    resolve: Callable[[str, int], list[str]] = resolved
    also: frozenset[Place] = frozenset()
    bounds: Bounds = Bounds()

    def refused(self, host: Host, addresses: list[str]) -> list[str]:
        """The addresses of a host that are not connected to."""
        return [address for address in addresses if not self._is_allowed(host, address)]

    def _is_allowed(self, host: Host, address: str) -> bool:
        if is_public(address) or (address, host.port) in self.also:
            return True
        return host.is_private and is_private(address)
