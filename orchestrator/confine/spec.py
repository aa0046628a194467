"""What a command is confined to, as it is handed to the launcher."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


# No dataclass, for these are slow to import.
class Spec(NamedTuple):
    """The limits of one command and of all that it starts.

    Attributes:
        writable: folders and files that may be written to; everything else may not, where there is Landlock.
        readable: what may be read besides.
        network: which sockets there are; see `filters`.
        ports: TCP ports that may be connected to, where the kernel can tell, and where there are sockets.
        landlock: the version of Landlock to use, 0 for none.
        user: whom the command runs as, None for the one that starts it.
        strict: whether the command is not run at all where it cannot be confined like that.
        data_bytes: memory of one process.
        file_bytes: size of one file.
        open_files: of one process.
        processes: of the user that runs the build, besides those that are there already.
        cpu_seconds: of one process.
        channel: a descriptor of a local socket, where `network` is `hosts`: over it goes the socket that listens to the
            command, see `loopback`. It stays open as long as the launcher runs, and the command does not get it.
        parent: the process that must be alive, and with which the command ends.
        variables: what only the command sees in its environment. They may be the unit's: nothing that runs before it
            is confined, such as the dynamic linker, may go by them.
    """

    writable: tuple[str, ...]
    readable: tuple[str, ...]
    network: str
    ports: tuple[int, ...]
    landlock: int
    user: int | None
    strict: bool
    data_bytes: int
    file_bytes: int
    open_files: int
    processes: int
    cpu_seconds: int
    parent: int
    variables: Mapping[str, str] = MappingProxyType({})
    channel: int = -1

    def to_json(self) -> str:
        """As an argument."""
        return json.dumps({**self._asdict(), "variables": dict(self.variables)})

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        """Read it back."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, **{name: tuple(values[name]) for name in ("writable", "readable", "ports")}})
