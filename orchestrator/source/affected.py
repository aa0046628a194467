"""Which units a merge affects: those whose digest differs from the last one a promotion was started for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    # What the ledger keeps of starts is read without all that finds units.
    from orchestrator.source.catalog import Catalog


class Reason(StrEnum):
    """Why a unit runs or does not run."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    INVALID = "invalid"


@dataclass(frozen=True)
class LastStart:
    """What the ledger saw last start on a branch for a unit: its digest, its inputs' ids by path, the execution."""

    digest: str
    inputs: Mapping[str, str]
    commit: str
    execution: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether one unit is affected, and why."""

    unit: str
    reason: Reason
    digest: str
    explanation: str

    @property
    def affected(self) -> bool:
        """Whether a merge promotes it."""
        return self.reason in (Reason.NEW, Reason.CHANGED)


def verdicts(catalog: "Catalog", last: Mapping[str, LastStart], units: Iterable[str] | None = None) -> list[Verdict]:
    """Judge the units of a catalog, in order of name; every unit with a problem is listed as invalid.

    Args:
        catalog: the repository at the commit in question.
        last: by unit, what was last started on the branch. A unit that is not in it is new.
        units: which ones; all when left out.
    """
    valid = [_verdict(catalog, name, last.get(name)) for name in (catalog.names if units is None else units)]
    invalid = [
        Verdict(name, Reason.INVALID, "", str(catalog.problems[folder])) for folder, name in _invalid(catalog).items()
    ]
    return sorted(valid + invalid, key=lambda verdict: verdict.unit)


def _invalid(catalog: "Catalog") -> dict[str, str]:
    """By folder, what units with a problem are called: as the folder itself where that may be several units' name."""
    names = {folder: catalog.surveyed.called(folder) for folder in catalog.problems}
    count = Counter([*names.values(), *catalog.names])
    return {folder: name if count[name] == 1 else folder for folder, name in names.items()}


def _verdict(catalog: "Catalog", name: str, last: LastStart | None) -> Verdict:
    digest = catalog.digest(name)
    if last is None:
        return Verdict(name, Reason.NEW, digest, "no promotion of it has started on this branch yet")
    since = f"commit {last.commit[:12]}"
    if digest == last.digest:
        return Verdict(name, Reason.UNCHANGED, digest, f"nothing it is built from changed since {since}")
    return Verdict(name, Reason.CHANGED, digest, f"{_changes(catalog, name, last)} since {since}")


def _changes(catalog: "Catalog", name: str, last: LastStart) -> str:
    now = catalog.inputs[name]
    changed = [
        f"{one.path} changed" + (f" (through {' -> '.join(one.via)})" if one.via else "")
        for one in now
        if last.inputs.get(one.path) != one.id
    ]
    gone = [f"{path} is no longer an input" for path in last.inputs if path not in {one.path for one in now}]
    return ", ".join(changed + gone) or "the platform it is built for changed"
