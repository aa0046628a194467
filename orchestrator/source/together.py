"""Which of the units that a branch calls for go as one train. Pure, as all of what a branch calls for.

A train is called for where a merge affects several of its members. Members that were started in a train that has not
arrived go along with the next one, changed or not: else the rest of what changed together would stay where it was left.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field, replace

from orchestrator.frozen import dataclass
from orchestrator.source.catalog import Catalog
from orchestrator.source.demand import Demand, Look, Standing, Together
from orchestrator.source.surveyed import TrainFacts
from orchestrator.trains.names import train_of


@dataclass(frozen=True)
class Called:
    """What a branch calls for, with trains.

    Attributes:
        wanted: by unit, what is called for.
        waiting: units of which nothing is called for now, because another member of their train is not valid.
        problems: what is to be mended in the repository.
    """

    wanted: Mapping[str, Demand]
    waiting: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


def broken_units(catalog: Catalog, standings: Mapping[str, Standing]) -> frozenset[str]:
    """Units that are not valid, called as they are where their folders name them, or as they were when they were."""
    known = {unit for unit, one in standings.items() if one.demand and one.demand.folder in catalog.problems}
    return frozenset({*known, *(catalog.surveyed.called(folder) for folder in catalog.problems)})


def missing_members(train: TrainFacts, known: Collection[str], broken: Collection[str]) -> list[str]:
    """What is wrong with a train some of whose members are not there; in a sentence, or nothing."""
    missing = ", ".join(repr(unit) for unit in train.units if unit not in known and unit not in broken)
    said = (
        f"orchestrator.toml: trains: {train.name!r} has {missing}, of which there is no unit. Take it out, or correct "
        "the name; the other members go without it."
    )
    return [said] if missing else []


@dataclass(frozen=True)
class Trains:
    """All trains of an organization.

    Args:
        trains: as `orchestrator.toml` has them.
        has_arrived: whether a train that was started, given its name, brought all of its members to their end.
    """

    trains: tuple[TrainFacts, ...]
    has_arrived: Callable[[str], bool]

    @property
    def of(self) -> dict[str, str]:
        """By unit, the name of its train."""
        return {unit: train.name for train in self.trains for unit in train.units}

    def call(
        self, look: Look, wanted: Mapping[str, Demand], broken: Collection[str], standings: Mapping[str, Standing]
    ) -> Called:
        """Put together what goes together.

        Args:
            look: at the branch.
            wanted: by unit, what the branch calls for.
            broken: units of which that is not known, because something in their folders is not valid.
            standings: by unit, how it stands.
        """
        calling = _Calling(look, dict(wanted), broken, standings, self.has_arrived)
        for train in self.trains:
            calling.call(train)
        return Called(
            {unit: demand for unit, demand in calling.wanted.items() if unit not in calling.waiting},
            frozenset(calling.waiting),
            tuple(calling.problems),
        )


def called_at(catalog: Catalog, standings: Mapping[str, Standing], has_arrived: Callable[[str], bool]) -> Called:
    """What a commit would call for in the members of its trains, were it where the branch is.

    Args:
        catalog: the repository at the commit.
        standings: by unit, how the members stand.
        has_arrived: whether a train that was started, given its name, brought all of its members to their end.
    """
    trains = Trains(catalog.surveyed.organization.trains, has_arrived)
    commit = catalog.commit
    # What state machines are like makes nobody go along.
    wanted = {unit: Demand(unit, catalog.digest(unit), "", commit.id) for unit in trains.of if unit in catalog.names}
    return trains.call(Look(0, commit.id, commit.committed_at), wanted, broken_units(catalog, standings), standings)


@dataclass
class _Calling:
    look: Look
    wanted: dict[str, Demand]
    broken: Collection[str]
    standings: Mapping[str, Standing]
    has_arrived: Callable[[str], bool]
    waiting: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def call(self, train: TrainFacts) -> None:
        """Call for one train, or for none of its members together."""
        members = [unit for unit in train.units if unit in self.wanted]
        changed = {unit for unit in members if not self._standing(unit).has_started(self.wanted[unit])}
        self.problems += missing_members(train, self.wanted, self.broken)
        unknown = [unit for unit in train.units if unit in self.broken]
        if changed and unknown:
            self._wait(train, changed, unknown)
            return
        joined = sorted(changed | self._left(members)) if changed else []
        self._keep(unit for unit in members if unit not in joined)
        if len(joined) > 1 or (joined and train.single == "train"):
            together = self._together(train, joined)
            self.wanted |= {unit: replace(self.wanted[unit], together=together) for unit in joined}

    def _standing(self, unit: str) -> Standing:
        return self.standings.get(unit, Standing())

    def _keep(self, members: Iterable[str]) -> None:
        """Members that stand as they should are not called for anew because of what they went together with."""
        for unit in members:
            last, demand = self._standing(unit).demand, self.wanted[unit]
            if last and last.is_like(replace(demand, together=last.together)):
                self.wanted[unit] = replace(demand, together=last.together)

    def _wait(self, train: TrainFacts, changed: set[str], unknown: list[str]) -> None:
        self.waiting |= changed
        self.problems.append(
            f"{', '.join(sorted(changed))} waits: the train {train.name!r} has {', '.join(unknown)} as well, which is "
            "not valid. Mend that, or take it out of the train in orchestrator.toml."
        )

    def _left(self, members: Iterable[str]) -> set[str]:
        """Members that a train has taken along that has not arrived."""
        trains = {unit: train_of(start.execution) for unit in members if (start := self._standing(unit).start)}
        under_way = {name for name in set(trains.values()) if name and not self.has_arrived(name)}
        return {unit for unit, name in trains.items() if name in under_way}

    def _together(self, train: TrainFacts, members: list[str]) -> Together:
        """What was called for already, if it is the same for all members; else anew."""
        digests = {unit: self.wanted[unit].digest for unit in members}
        new = Together(train.name, self.look.commit, self.look.run, digests, train.settings)
        lasts = {unit: self._standing(unit).demand for unit in members}
        known = next((last.together for last in lasts.values() if last), None)
        if known is None or not known.is_like(new):
            return new
        same = (last and last.is_like(replace(self.wanted[unit], together=known)) for unit, last in lasts.items())
        return known if all(same) else new
