"""The one name that looks legal and that no unit may have: release trains have it."""

from orchestrator.config.told import Told, table_of
from orchestrator.errors import ConfigurationError

TRAINS = "train"
"""What the gates of trains are named after, as a unit's gates are after the unit."""


def unreserved(name: str) -> str:
    """A name that a unit may have: the given one, unless it is reserved."""
    return f"unit-{name}" if name == TRAINS else name


def refuse_reserved(name: str, folder: str, file: str, told: Told, *, plain: bool) -> None:
    """Refuse a unit whose gates would be those of trains: whoever approves one would approve the other.

    Args:
        name: the unit's.
        folder: the unit's, which it is named after where nothing names it.
        file: the unit's `pyproject.toml`.
        told: what `orchestrator.toml` says of the unit.
        plain: whether the unit has no project, so that only `orchestrator.toml` can name it.

    Raises:
        ConfigurationError: it has that name; the message says where that is set, or is to be set.
    """
    if name != TRAINS:
        return
    if plain or "name" in (told.settings or {}):
        from orchestrator.config.organization import FILE_NAME  # noqa: PLC0415  # Names are asked for without models.

        file, key = FILE_NAME, f"{table_of(folder)}.name"
    else:
        key = "tool.orchestrator.name"
    raise ConfigurationError(
        file,
        f"{key} = {name!r} is not valid, be it set or the folder's own: gates such as {name}-approve-prod are those of "
        f"release trains. Set {key} to any other name, such as {unreserved(name)!r}.",
    )
