"""What the newest state of a branch calls for, unit by unit, and what of that nobody has been asked for yet.

Pure: whatever events led here, in whatever order, the same branch and the same ledger give the same answer.
"""

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from orchestrator.frozen import dataclass
from orchestrator.source.affected import LastStart

RETIRED = "retired"
"""The definition of a unit that is no longer in the repository: a state machine that promotes nothing."""
PATIENCE = timedelta(minutes=30)
"""How long what was asked for may take; then it is asked for again, in case it was lost."""


@dataclass(frozen=True)
class Together:
    """What is to be promoted as one train.

    Attributes:
        train: its name in `orchestrator.toml`.
        commit: where the branch was when this was called for; all members are built from it.
        run: which look at the branch called for it.
        digests: by member, what it is to be promoted at.
        settings: what else the train is started with.
    """

    train: str
    commit: str
    run: int
    digests: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def is_like(self, other: "Together | None") -> bool:
        """Whether both call for the same, whichever commit they were found at."""
        return replace(self, commit="", run=0) == (other and replace(other, commit="", run=0))


@dataclass(frozen=True)
class Demand:
    """What a branch calls for in one unit: that a promotion of a digest was started, with state machines as defined.

    Attributes:
        digest: empty when the unit is retired.
        definition: identifies the state machines; `RETIRED` for a unit that is gone.
        commit: where the branch was.
        folder: the unit's, as problems name it.
        pipeline: the settings that the state machines are made of, as JSON.
        inputs: ids of what it is built from, by path.
        run: which look at the branch found it; later looks have higher numbers.
        asked_at: when it was last handed on, None when that was not done, or not finished.
        together: the train that it is promoted as a member of; None when it is promoted alone.
    """

    unit: str
    digest: str
    definition: str
    commit: str
    folder: str = ""
    pipeline: str = "{}"
    inputs: Mapping[str, str] = field(default_factory=dict)
    run: int = 0
    asked_at: datetime | None = None
    together: Together | None = None

    @property
    def is_retired(self) -> bool:
        """Whether the unit is gone."""
        return self.definition == RETIRED

    def is_like(self, other: "Demand") -> bool:
        """Whether both call for the same, whichever commit they were found at."""
        mine, theirs = ((one.digest, one.definition, one.together) for one in (self, other))
        return mine == theirs


@dataclass(frozen=True)
class Standing:
    """How a unit stands on a branch.

    Attributes:
        start: the promotion that was started last, None when there was none.
        definition: that of its state machines, empty when there are none.
        demand: what was called for last, None when nothing ever was.
    """

    start: LastStart | None = None
    definition: str = ""
    demand: Demand | None = None

    def meets(self, demand: Demand) -> bool:
        """Whether nothing is left to be done for a demand."""
        return self.definition == demand.definition and (demand.is_retired or self.has_started(demand))

    def has_started(self, demand: Demand) -> bool:
        """Whether the last promotion was of the digest that is called for."""
        return self.start is not None and self.start.digest == demand.digest


@dataclass(frozen=True)
class Look:
    """One look at a branch.

    Attributes:
        run: its number; later looks have higher ones.
        commit: where the branch was.
        at: when.
    """

    run: int
    commit: str
    at: datetime


def to_ask(
    look: Look, wanted: Mapping[str, Demand], broken: Collection[str], standings: Mapping[str, Standing]
) -> list[Demand]:
    """What has to be written down and handed on, in order of name.

    Args:
        look: at the branch.
        wanted: by unit, what the branch calls for.
        broken: folders in which something is not valid: nothing is known of what their units should be.
        standings: by unit, how it stands; units that are in neither of the others are gone.
    """
    gone = {
        name: _gone(name, one.demand, look)
        for name, one in standings.items()
        if name not in wanted and not (one.demand and one.demand.folder in broken)
    }
    found = (_ask(demand, standings.get(name, Standing()), look) for name, demand in sorted({**wanted, **gone}.items()))
    return [one for one in found if one]


def _gone(unit: str, last: Demand | None, look: Look) -> Demand:
    """What is called for in a unit that is gone; what its stacks are called stays known, as they are still there."""
    folder, pipeline = (last.folder, last.pipeline) if last else ("", "{}")
    return Demand(unit, "", RETIRED, look.commit, folder, pipeline)


def _ask(demand: Demand, standing: Standing, look: Look) -> Demand | None:
    last = standing.demand
    if last is None or not last.is_like(demand):
        # Also when the unit stands as it should: something else was called for, and may be under way.
        return None if last is None and standing.meets(demand) else replace(demand, run=look.run)
    is_waiting = last.asked_at is not None and look.at - last.asked_at < PATIENCE
    return None if standing.meets(last) or is_waiting else last


def is_settled(demands: Collection[Demand], standings: Mapping[str, Standing]) -> bool:
    """Whether nothing is left to be done, nor under way: only then need a branch not be looked at again."""
    return not demands and all(one.demand is None or one.meets(one.demand) for one in standings.values())
