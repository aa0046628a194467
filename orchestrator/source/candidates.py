"""Which folders the globs of `orchestrator.toml` match, told from those of another commit and from what differs."""

from collections.abc import Iterator, Mapping

from orchestrator.source.changes import Change
from orchestrator.source.discovery import Finder, is_text
from orchestrator.source.repository import Mode
from orchestrator.source.unit_globs import UnitGlobs

_OTHERS = (Mode.LINK, Mode.SUBMODULE)


def matched(changes: Mapping[str, Change], looked_for: UnitGlobs) -> Iterator[tuple[str, Change]]:
    """The changes of paths that globs match, before or after."""
    for path, change in changes.items():
        places = (looked_for.at(path, entry) for entry in change if entry)
        if any(place and looked_for.matching(place) for place in places):
            yield path, change


def candidates_after(
    known: Mapping[str, str | None], finder: Finder, globs: tuple[str, ...], changes: Mapping[str, Change]
) -> dict[str, str | None] | None:
    """The folders that globs match at a commit, each with the name of the file when the glob named one.

    Args:
        known: those of another commit.
        finder: looks at this one.
        globs: the same for both.
        changes: what differs.

    Returns:
        None when it cannot be told without looking everywhere.
    """
    again: set[str] = set()
    for path, change in matched(changes, UnitGlobs(globs, finder.exclude)):
        if not is_text(path) or not change.modes.isdisjoint(_OTHERS):
            return None
        if not change.is_of_content:
            again |= {path, path.rpartition("/")[0]}
    found = {folder: file for folder, file in known.items() if folder not in again}
    return {**found, **finder.find_in(sorted(again), globs)}
