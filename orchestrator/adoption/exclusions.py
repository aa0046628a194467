"""Excludes folders by few globs: a folder around several of them, or what the names of many have in common."""

import re
from collections import Counter
from collections.abc import Collection, Iterator

from orchestrator.config.globs import ANY_DEPTH, Globs, escaped

# So many folders of one name are a habit, and the next one will be no unit either; names that only begin or end alike
# say less.
_SAME, _ALIKE = 3, 10
_WORD = re.compile(r"[^-_. ]+[-_. ]*")


def exclusions(folders: Collection[str], units: Collection[str]) -> dict[str, str]:
    """The glob that excludes each of some folders; units lie in none of the folders that are excluded.

    Args:
        folders: none of them is the root, a unit, or holds one.
        units: the folders of all units.
    """
    taken = {path for unit in units for path in _with_those_around(unit)}
    below = Counter(path for folder in folders for path in _with_those_around(folder) if path not in taken)
    widest = {folder: _widest(folder, below) for folder in folders}
    habits = _habits(set(widest.values()), taken)
    return {folder: habits.get(path, escaped(path)) for folder, path in widest.items()}


def _widest(folder: str, below: Counter[str]) -> str:
    """The folder around it in which most of those that are excluded lie, and no unit; the innermost of these."""
    around = [path for path in _with_those_around(folder) if path in below]
    return max(around, key=lambda path: (below[path], len(path)))


def _habits(paths: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """By path, the glob of its name that matches most of the others, and nothing that is or holds a unit."""
    globs = {path: list(_globs_of_name(path.rpartition("/")[2])) for path in paths}
    counts = Counter(glob for found in globs.values() for glob in found)
    likely = [glob for glob, count in counts.items() if count >= (_ALIKE if "*" in glob[len(ANY_DEPTH) :] else _SAME)]
    compiled = Globs(likely)
    wrong = {likely[number] for path in taken for number in compiled.at(path).globs}
    good = {glob: counts[glob] for glob in likely if glob not in wrong}
    return {
        path: max(usable, key=lambda glob: (good[glob], len(glob)))
        for path, found in globs.items()
        if (usable := [glob for glob in found if glob in good])
    }


def _globs_of_name(name: str) -> Iterator[str]:
    """The globs that a name and others like it match, wherever they are."""
    words = [match.end() for match in _WORD.finditer(name)]
    yield f"{ANY_DEPTH}/{escaped(name)}"
    for end in words[:-1]:
        yield f"{ANY_DEPTH}/{escaped(name[:end])}*"
        yield f"{ANY_DEPTH}/*{escaped(name[end - 1 :])}"


def _with_those_around(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)] if path else []
