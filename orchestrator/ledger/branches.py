"""What each branch called for last, and what was started for it: one item for each unit, and where the branch was."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from orchestrator.frozen import dataclass
from orchestrator.ledger.partitions import BRANCHES, DELETIONS, RUNS, SETTLED
from orchestrator.ledger.table import Item, LedgerTable, Update
from orchestrator.source.affected import LastStart
from orchestrator.source.demand import Demand, Standing, Together

# An item holds 400 KB, and nobody reads more.
_MOST_PROBLEMS, _LONGEST_PROBLEM = 50, 2_000


@dataclass(frozen=True)
class Findings:
    """What the last look at a branch found that keeps a commit, or units of it, from being promoted.

    Attributes:
        commit: where the branch was.
        found_at: when, ISO 8601.
    """

    commit: str
    found_at: str
    problems: tuple[str, ...]


class BranchRecords:
    """How all units stand on each branch.

    Whoever looks at a branch takes a number first. Whatever it then writes holds only while nobody has taken a higher
    one: a look that is overtaken by a later one, which saw a newer state of the branch, writes nothing any more.
    """

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def begin(self, branch: str) -> int:
        """Take a number; to be done before the branch is looked at."""
        return self._table.increment(RUNS.key(), branch, "run")

    def standings(self, branch: str, units: Collection[str] | None = None) -> dict[str, Standing]:
        """How units stand, all of them or some, in as few calls as can be."""
        key = BRANCHES.key(branch)
        items = self._table.query(key) if units is None else self._table.get_many((key, unit) for unit in units)
        return {str(item["sk"]): _standing(item) for item in items}

    def last_starts(self, branch: str) -> dict[str, LastStart]:
        """What was last started, for all units."""
        return {name: one.start for name, one in self.standings(branch).items() if one.start}

    def call_for(self, branch: str, demands: Iterable[Demand], run: int) -> bool:
        """Write down what a branch calls for; False when a later look has begun, which will do it."""
        updates = [Update(BRANCHES.key(branch), one.unit, {"demand": _document(one)}) for one in demands]
        # What follows may not be done: nobody may take the branch for settled from here on.
        unsettle = [Update(SETTLED.key(), branch, {"commit": "", "code": ""})] if updates else []
        return self._table.transact([*unsettle, *updates], *guard_of(branch, run))

    def settle(self, branch: str, commit: str, code: str, run: int) -> bool:
        """Note that nothing is left to be done for a commit, as a version of the orchestrator sees it."""
        settled = Update(SETTLED.key(), branch, {"commit": commit, "code": code})
        return self._table.transact([settled], *guard_of(branch, run))

    def is_settled(self, branch: str, commit: str, code: str) -> bool:
        """Whether nothing was left to be done for a commit, and no other one was looked at since."""
        item = self._table.get(SETTLED.key(), branch) or {}
        looked_at = item.get("problems_commit", commit)
        return (item.get("commit"), item.get("code"), looked_at) == (commit, code, commit)

    def note_problems(self, branch: str, commit: str, problems: Sequence[str], run: int) -> bool:
        """Note what a look found, cut to what people read; False when a later look has begun."""
        kept = [one[:_LONGEST_PROBLEM] for one in problems[:_MOST_PROBLEMS]]
        if more := len(problems) - len(kept):
            kept.append(f"There are {more} more: 'orchestrator units' lists all of them.")
        values = {"problems": kept, "problems_commit": commit, "problems_at": self._table.now()}
        return self._table.transact([Update(SETTLED.key(), branch, values)], *guard_of(branch, run))

    def findings(self, branch: str) -> Findings | None:
        """What the last look at a branch noted; None when there was none yet."""
        item = self._table.get(SETTLED.key(), branch) or {}
        if "problems" not in item:
            return None
        problems = tuple(map(str, item["problems"]))
        return Findings(str(item["problems_commit"]), str(item["problems_at"]), problems)

    def record_definition(self, branch: str, unit: str, definition: str) -> None:
        """Note of what kind a unit's state machines are now."""
        self._table.update(BRANCHES.key(branch), unit, {"definition": definition})

    def record_start(self, branch: str, unit: str, start: LastStart) -> None:
        """Note that a promotion was started for a digest."""
        self._table.update(BRANCHES.key(branch), unit, _started(start, self._table.now()))

    def record_starts(self, branch: str, starts: Mapping[str, LastStart]) -> None:
        """Note by unit what a train was started for; of all its members, or of none when that fails."""
        now = self._table.now()
        key = BRANCHES.key(branch)
        self._table.update_all([Update(key, unit, _started(start, now)) for unit, start in starts.items()])

    def forget(self, branch: str, unit: str, by: str) -> None:
        """Note who deleted what was left of a unit that was retired; it is as if it had never been there."""
        self._table.put({"pk": DELETIONS.key(unit), "sk": self._table.now(), "by": by, "branch": branch})
        self._table.delete(BRANCHES.key(branch), unit)

    def deletions(self, unit: str) -> list[tuple[str, str]]:
        """When and by whom what was left of a unit was deleted."""
        return [(str(item["sk"]), str(item["by"])) for item in self._table.query(DELETIONS.key(unit))]


def guard_of(branch: str, run: int) -> tuple[tuple[str, str], dict[str, int]]:
    """The item that tells whether a later look at a branch has begun, and what it holds while none has."""
    return (RUNS.key(), branch), {"run": run}


def _document(demand: Demand) -> dict[str, Any]:
    return {
        "digest": demand.digest,
        "definition": demand.definition,
        "commit": demand.commit,
        "folder": demand.folder,
        "pipeline": demand.pipeline,
        "inputs": dict(demand.inputs),
        "run": demand.run,
        **({"asked_at": demand.asked_at.isoformat()} if demand.asked_at else {}),
        **({"together": asdict(demand.together)} if demand.together else {}),
    }


def _standing(item: Item) -> Standing:
    demand = item.get("demand")
    return Standing(
        start=_start(item) if "digest" in item else None,
        definition=str(item.get("definition", "")),
        demand=_demand(str(item["sk"]), demand) if demand else None,
    )


def _started(start: LastStart, now: str) -> dict[str, Any]:
    values = {"digest": start.digest, "inputs": dict(start.inputs), "commit": start.commit}
    return {**values, "execution": start.execution, "started_at": now}


def _start(item: Item) -> LastStart:
    return LastStart(str(item["digest"]), _inputs(item), str(item["commit"]), str(item["execution"]))


def _demand(unit: str, document: Item) -> Demand:
    asked_at = document.get("asked_at")
    return Demand(
        unit=unit,
        digest=str(document["digest"]),
        definition=str(document["definition"]),
        commit=str(document["commit"]),
        folder=str(document["folder"]),
        pipeline=str(document["pipeline"]),
        inputs=_inputs(document),
        run=int(document["run"]),
        asked_at=datetime.fromisoformat(str(asked_at)) if asked_at else None,
        together=_together(document["together"]) if "together" in document else None,
    )


def _together(document: Item) -> Together:
    return Together(**{**document, "run": int(document["run"])})


def _inputs(document: Item) -> dict[str, str]:
    return {str(path): str(identity) for path, identity in document["inputs"].items()}
