"""Which units a look at a branch has to look at: all of them, or those that differ from what the last look saw.

A merge mostly changes few of thousands of units, and how the others stand need not be read. What got lost on its way is
found by the looks that no merge asks for: they look at all.
"""

from orchestrator.source.catalog import Catalog
from orchestrator.source.surveyed import Surveyed
from orchestrator.steps.merge_event import MergeEvent
from orchestrator.steps.surveys import Seen

_MOST = 300
"""How many units are asked about one by one: the table is read page by page in less time than more of them take."""


def units_to_look_at(event: MergeEvent, run: int, seen: Seen | None, catalog: Catalog) -> set[str] | None:
    """Names of units, some of which may be gone; None for all.

    Args:
        event: what asked for the look; without a commit, it was nothing that happened.
        run: the look's number. Only if the last one has done all that it had to, is what it saw of use.
        seen: what was seen last, as far as that is known.
        catalog: what is seen now.
    """
    if seen is None or seen.run != run - 1 or not event.detail.commit or catalog.surveyed.organization.trains:
        return None
    before, now = seen.surveyed, catalog.surveyed
    if before.organization.text != now.organization.text or before.problems.keys() != now.problems.keys():
        return None
    differing = _differing(before, now)
    return differing if len(differing) <= _MOST else None


def _differing(before: Surveyed, now: Surveyed) -> set[str]:
    changed = {name for name in now.folders if _called_for(name, before) != _called_for(name, now)}
    return changed | (before.folders.keys() - now.folders.keys())


def _called_for(name: str, surveyed: Surveyed) -> tuple[str, str, str] | None:
    """All by which a demand of a unit differs from another one."""
    folder = surveyed.folders.get(name)
    return None if folder is None else (surveyed.digests[name], folder, surveyed.known[folder].pipeline)
