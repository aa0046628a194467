"""The files of a folder that become an archive: only names that every archive, log and terminal can hold."""

from collections.abc import Iterable
from pathlib import Path

from orchestrator.build.bounds import is_plain
from orchestrator.build.folders.contents import FolderContents, folder_contents
from orchestrator.build.folders.exclusions import PYTHON_EXCLUDED
from orchestrator.build.paths.sources import Sources
from orchestrator.build.rawzip import MOST_ENTRIES
from orchestrator.errors import ConfigurationError

LEFT_OUT_OF_PYTHON = PYTHON_EXCLUDED
"""Names that `sam build` leaves out of a Python function."""
_NEVER_MISSED = (".git", ".gitignore", "__pycache__")


def told(left_out: Iterable[str]) -> list[str]:
    """Those paths that somebody may miss in a package."""
    return [path for path in left_out if path.rpartition("/")[2] not in _NEVER_MISSED]


def packaged(folder: Path, sources: Sources, left_out: tuple[str, ...] = ()) -> FolderContents:
    """List what a folder packages; links are followed within the sources.

    Args:
        folder: an existing one.
        sources: what it is part of.
        left_out: patterns of names that are not packaged.

    Raises:
        ConfigurationError: a link leads elsewhere, a name is not plain text, or there are too many files.
    """
    found = folder_contents(folder, sources.tree, left_out)
    hostile = next((name for name in found.files if not is_plain(name) or "\\" in name), None)
    if hostile is not None:
        raise ConfigurationError(
            sources.name(folder),
            f"holds {hostile!r}, a name that no archive should hold: rename it to letters, digits and '-_.'.",
        )
    if len(found.files) > MOST_ENTRIES:
        raise ConfigurationError(
            sources.name(folder), f"holds more than {MOST_ENTRIES:,} files, which no archive takes. Split it."
        )
    return found
