"""What `orchestrator.toml` says of single units: those whose folders are not to be edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.config.globs import parts_of

ROOT = "."
"""How `orchestrator.toml` writes the folder that is the repository itself."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one folder.

    Attributes:
        table: the name of the table that says it, such as `unit."services/orders"`.
        settings: what it holds, None when there is none.
        template: the file that a glob named; it holds where nothing else is said.
    """

    table: str = ""
    settings: Mapping[str, Any] | None = None
    template: str | None = None

    def added_to(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a unit that has some in its own folder."""
        default = {} if self.template is None else {"template": self.template}
        return {**default, **own, **(self.settings or {})}


NOTHING = Told()


def told(units: Mapping[str, Mapping[str, Any]], templates: Mapping[str, str | None]) -> dict[str, Told]:
    """What is said of folders, by folder; the root's is empty.

    Args:
        units: `[unit]` of `orchestrator.toml`.
        templates: by folder, the file that a glob named.
    """
    tables = {"/".join(parts_of(folder)): table for folder, table in units.items()}
    named = {folder: file for folder, file in templates.items() if file is not None}
    return {
        folder: Told(table_of(folder), tables.get(folder), named.get(folder)) for folder in tables.keys() | named.keys()
    }


def table_of(folder: str) -> str:
    """The table that settings of a folder's unit are in."""
    return f'unit."{folder or ROOT}"'
