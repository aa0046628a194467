"""Chooses globs that find units: few, each as plain as it can be, and none that finds much that has to be excluded.

A glob costs what it takes to write it: one, one more for each further name that it leaves open, and one for each
exclusion that it needs. As long as one finds as many units as it costs, the best is taken; the other units are named.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from orchestrator.adoption.exclusions import exclusions
from orchestrator.config.globs import ANY_DEPTH, Globs, escaped
from orchestrator.config.told import ROOT
from orchestrator.source.changes import around
from orchestrator.source.reading import within

_ANY_NAME = "*"
# A "**" also looks where nobody thinks of: it is for dozens of units that have no other place in common.
_COST_OF_DEPTH = 30
# One unit alone is named.
_LEAST = 2


class Wanted(NamedTuple):
    """A unit that has to be found.

    Attributes:
        folder: the unit's.
        file: the name of its template, or of its CDK app's file.
        is_usual: whether a glob of its folder finds it.
    """

    folder: str
    file: str
    is_usual: bool


class Option(NamedTuple):
    """A glob that could be written.

    Attributes:
        glob: the glob.
        file: the name of the file that it names; empty when it names folders.
        cost: without exclusions.
    """

    glob: str
    file: str
    cost: int


@dataclass(frozen=True)
class Others:
    """What globs may find besides units.

    Attributes:
        holding: by name of a file that tells of a unit, all folders that hold one.
        marked: the folders that globs of folders find.
    """

    holding: Mapping[str, Collection[str]]
    marked: Collection[str]


def cover(units: Collection[Wanted], others: Others) -> list[str]:
    """The globs, in order.

    Args:
        units: all of them.
        others: what else there is.
    """
    options = list(dict.fromkeys(option for unit in units for option in _open(unit)))
    found, costs = _found(options, units), _costs(options, {unit.folder: unit for unit in units}, others)
    of_unit: dict[str, list[Option]] = defaultdict(list)
    for option in costs:
        for folder in found[option]:
            of_unit[folder].append(option)
    gains = {option: len(found[option]) for option in costs}
    left, chosen = {unit.folder: unit for unit in units}, []
    while gains:
        best = max(gains, key=lambda one: (gains[one] / costs[one], -one.cost, not one.file, one.glob))
        if gains[best] < max(costs[best], _LEAST):
            break
        chosen.append(best.glob)
        for folder in found[best] & left.keys():
            del left[folder]
            for option in of_unit[folder]:
                gains[option] -= 1
    return sorted([*chosen, *map(_named, left.values())])


def _named(unit: Wanted) -> str:
    """The glob of one unit alone."""
    if unit.is_usual:
        return escaped(unit.folder) or ROOT
    return within(escaped(unit.folder), escaped(unit.file))


def _open(unit: Wanted) -> Iterator[Option]:
    """The globs that find a unit, and others like it."""
    parts = unit.folder.split("/") if unit.folder else []
    for count in range(1, len(parts) + 1):
        folders = "/".join([*map(escaped, parts[:-count]), *[_ANY_NAME] * count])
        # At the root, a folder is a unit only by its file: much else lies there.
        if unit.is_usual and count < len(parts):
            yield Option(folders, "", count)
        yield Option(f"{folders}/{escaped(unit.file)}", unit.file, count)
    for count in range(len(parts)):
        folders = "/".join([*map(escaped, parts[:count]), ANY_DEPTH])
        yield Option(f"{folders}/{escaped(unit.file)}", unit.file, _COST_OF_DEPTH)


def _found(options: list[Option], units: Collection[Wanted]) -> dict[Option, set[str]]:
    """By option, the units that it finds."""
    globs = Globs(option.glob for option in options)
    found: dict[Option, set[str]] = {option: set() for option in options}
    for unit in units:
        by_folder = globs.at(unit.folder).globs if unit.is_usual else ()
        for number in (*by_folder, *globs.at(within(unit.folder, unit.file)).globs):
            option = options[number]
            if option.file in ("", unit.file):
                found[option].add(unit.folder)
    return found


def _costs(options: list[Option], units: Mapping[str, Wanted], others: Others) -> dict[Option, int]:
    """By option, what it costs with its exclusions; those that cannot do without excluding units are left out."""
    globs = Globs(option.glob for option in options)
    crowded = {"", *(folder for unit in units for folder in around(unit))}
    needed: dict[Option, set[str]] = {option: set() for option in options}
    strays = {folder for folders in (others.marked, *others.holding.values()) for folder in folders}
    shortened = exclusions(strays - units.keys() - crowded, units)
    wrong: set[Option] = set()
    for folder in others.marked:
        for number in globs.at(folder).globs if folder not in units else ():
            needed[options[number]].add(shortened.get(folder, folder))
            # It cannot be excluded without the units in it.
            wrong |= {options[number]} if folder in crowded and not options[number].file else set()
    for name, folders in others.holding.items():
        for folder in folders:
            path = within(folder, name)
            for option in (options[number] for number in globs.at(path).globs):
                is_wanted = folder in units and units[folder].file == name
                if option.file == name and not is_wanted:
                    needed[option].add(path if folder in units else shortened.get(folder, path))
    return {option: option.cost + len(needed[option]) for option in options if option not in wrong}
