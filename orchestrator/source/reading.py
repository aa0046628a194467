"""Reads a folder's facts out of its files. It imports the configuration's models, so only what is new comes here."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orchestrator.config.project import project_table
from orchestrator.config.told import Told
from orchestrator.frozen import dataclass
from orchestrator.source.facts import PYPROJECT, Facts, facts_of
from orchestrator.source.repository import Entry

if TYPE_CHECKING:
    from orchestrator.config.organization import Organization


def within(folder: str, name: str) -> str:
    """A file of a folder, which may be the root."""
    return f"{folder}/{name}" if folder else name


@dataclass(frozen=True)
class FactsReader:
    """Reads facts of one commit's folders.

    Args:
        organization: loads what their configuration is checked against.
        markers: what makes a folder without a project a unit.
    """

    organization: Callable[[], "Organization"]
    markers: tuple[str, ...] = ()

    def __call__(self, folder: str, text: bytes, entries: Mapping[str, Entry], said: Told) -> Facts | None:
        """The facts of a folder; None when it is none of a unit nor of shared code that says something.

        Args:
            folder: where.
            text: its `pyproject.toml`, empty when there is none.
            entries: what lies directly in it.
            said: what `orchestrator.toml` says of it.

        Raises:
            ConfigurationError: what it says is not valid.
        """
        from orchestrator.config.load import parse_toml, unit_of  # noqa: PLC0415  # See above.

        document = parse_toml(text, within(folder, PYPROJECT))
        own = document.get("tool", {}).get("orchestrator", {})
        settings = said.added_to(own)
        is_marked = any(name in entries and not entries[name].is_folder for name in self.markers)
        is_project = project_table(document) is not None
        if not (is_project or own or is_marked or settings.get("library") or "template" in settings):
            return None
        organization = self.organization()
        unit = unit_of(document, folder, organization, said)
        tools = {**document.get("tool", {}), "orchestrator": settings}
        return facts_of(unit, organization, {**document, "tool": tools}, entries)
