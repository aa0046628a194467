"""In which order the members of a train are promoted within an environment."""

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from orchestrator.errors import RequestError

After = Mapping[str, Collection[str]]
Waves = tuple[tuple[str, ...], ...]


def prerequisites(units: Collection[str], after: After) -> dict[str, frozenset[str]]:
    """By member, the members that must be there before it, also those it is after only through other units."""
    members = frozenset(units)
    return {unit: frozenset(_reached(unit, after)) & members for unit in units}


def plan_waves(units: Collection[str], after: After) -> Waves:
    """Order members into waves: each comes in the first wave after all those it is `after`.

    Args:
        units: the members.
        after: by unit, those it must come after; units that are not members only pass on what they are after.

    Raises:
        RequestError: some are after each other, with the cycle.
    """
    sorter = TopologicalSorter(prerequisites(units, after))
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = _cycle(error.args[1][0], after)
        raise RequestError(
            f"Units are 'after' each other in a cycle: {' -> '.join(cycle)}. Take one of these out of "
            "tool.orchestrator.after."
        ) from error
    return tuple(_generations(sorter))


def disorder(after: After, others: Collection[str]) -> list[str]:
    """What is wrong with the order that units say they come in, a sentence each.

    A name that means no unit has no effect: what was to come first would go beside the rest, which nobody would notice.

    Args:
        after: by unit, those it must come after.
        others: further units that may be meant, such as those that are not valid.
    """
    found = [
        f"{unit} is 'after' {name!r}, of which there is no unit: a train would not wait for it. Correct the name in "
        "tool.orchestrator.after, or take it out."
        for unit, names in after.items()
        for name in names
        if name not in after and name not in others
    ]
    try:
        plan_waves(after.keys(), after)
    except RequestError as error:
        found.append(f"{error} No train with all of these can start.")
    return found


def _generations(sorter: TopologicalSorter[str]) -> Iterator[tuple[str, ...]]:
    while sorter.is_active():
        ready = sorter.get_ready()
        yield tuple(sorted(ready))
        sorter.done(*ready)


def _reached(unit: str, after: After) -> set[str]:
    """All that a unit is after, directly or through others; itself, if that is a cycle."""
    reached: set[str] = set()
    waiting = list(after.get(unit, ()))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += after.get(name, ())
    return reached


def _cycle(unit: str, after: After) -> list[str]:
    """The shortest way from a unit back to itself, which is known to be there."""
    ways = [[unit]]
    for way in ways:
        for name in sorted(after.get(way[-1], ())):
            if name == unit:
                return [*way, unit]
            if name not in way:
                ways.append([*way, name])
    raise AssertionError(unit)
