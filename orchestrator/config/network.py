"""Hosts that the code of units may reach while it is built, as an administrator names them."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

PRIVATE = "private:"
"""The beginning of a host that may have addresses of a private network."""
_HTTPS = 443


class Network(NamedTuple):
    """Hosts that are opened, and to whom.

    Attributes:
        hosts: each with its port where that is not 443, such as `*.example.org:8443`.
        units: patterns of the names of the units for which they are.
    """

    hosts: tuple[str, ...] = ()
    units: tuple[str, ...] = ("*",)

    def of(self, unit: str) -> tuple[str, ...]:
        """The hosts that are opened to a unit, in order."""
        is_named = any(fnmatchcase(unit, pattern) for pattern in self.units)
        return tuple(sorted(set(self.hosts))) if is_named else ()


class Host(NamedTuple):
    """A host that is opened.

    Attributes:
        pattern: its name in small letters; `*` in the place of the first label stands for any one label.
        port: of TCP.
        is_private: whether it may have addresses of a private network.
    """

    pattern: str
    port: int
    is_private: bool

    @classmethod
    def of(cls, text: str) -> "Host":
        """Read it as an administrator writes it."""
        pattern, _, port = text.removeprefix(PRIVATE).partition(":")
        return cls(pattern, int(port or _HTTPS), text.startswith(PRIVATE))

    def is_named(self, name: str, port: int) -> bool:
        """Compare a name in small letters and a port with this host's. As in certificates, `*` is one label."""
        first, _, rest = self.pattern.partition(".")
        matches = name.partition(".")[2] == rest if first == "*" else name == self.pattern
        return matches and port == self.port


def listed(hosts: Iterable[str]) -> str:
    """Hosts as sentences name them."""
    return ", ".join(hosts)
