"""What a command is confined to, as it is handed to the launcher."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


# No dataclass, for these are slow to import.
class Spec(NamedTuple):
    """The limits of one command and of all that it starts.

    Attributes:
        writable: folders and files that may be written to; everything else may not, where the kernel can tell.
        readable: what may be read besides.
        ports: TCP ports that may be connected to, where the kernel can tell.
        data_bytes: memory of one process.
        file_bytes: size of one file.
        open_files: of one process.
        processes: of the user that runs the build, besides those that are there already.
        cpu_seconds: of one process.
        parent: the process that must be alive, and with which the command ends.
        variables: what only the command sees in its environment. They may be the unit's: nothing that runs before it
            is confined, such as the dynamic linker, may go by them.
    """

    writable: tuple[str, ...]
    readable: tuple[str, ...]
    ports: tuple[int, ...]
    data_bytes: int
    file_bytes: int
    open_files: int
    processes: int
    cpu_seconds: int
    parent: int
    variables: Mapping[str, str] = MappingProxyType({})

    def to_json(self) -> str:
        """As an argument."""
        return json.dumps({**self._asdict(), "variables": dict(self.variables)})

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        """Read it back."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, **{name: tuple(values[name]) for name in ("writable", "readable", "ports")}})
