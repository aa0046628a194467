"""The globs of `orchestrator.toml` that name units, beside those that exclude: where either leads, folder by folder."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from orchestrator.config.globs import ANY_DEPTH, Globs, State, parts_of
from orchestrator.source.repository import Entry, Mode

FOLDER = Entry("", Mode.FOLDER)
"""A folder of which no more is known."""
# What tools write and what is installed: a "**" does not look into these, nor into hidden folders.
_NOT_SEARCHED = ("node_modules", "cdk.out", "__pycache__", "venv")


def is_passed_over(name: str, entry: Entry) -> bool:
    """Whether a `**` does not look into a folder."""
    return entry.is_folder and (name.startswith(".") or name in _NOT_SEARCHED)


class Place(NamedTuple):
    """What the globs say of a path that is not excluded, and that something can come of.

    Attributes:
        units: the state of the globs of units.
        exclude: the state of those that exclude.
        parts: how many names the path has.
    """

    units: State
    exclude: State
    parts: int

    def below(self, name: str, entry: Entry) -> "Place | None":
        """The same of what lies in this folder; None for what no glob can match, nor anything in it."""
        state = self.units.without_depth if is_passed_over(name, entry) else self.units
        units = state.below(name)
        if not (units.globs or (units.leads_on and entry.is_folder)):
            return None
        exclude = self.exclude.below(name)
        return None if exclude.globs else Place(units, exclude, self.parts + 1)


class UnitGlobs:
    """Both kinds of globs.

    Args:
        globs: of units.
        exclude: of what is passed over, with all that is in it.
    """

    def __init__(self, globs: Sequence[str], exclude: Iterable[str] = ()) -> None:
        self.globs = tuple(globs)
        self._least = [_least_parts(parts_of(glob)) for glob in globs]
        self.root = Place(Globs(globs).root, Globs(exclude).root, 0)

    def matching(self, place: Place) -> tuple[int, ...]:
        """The numbers of the globs of units that match a path."""
        return tuple(number for number in place.units.globs if place.parts >= self._least[number])

    def at(self, path: str, entry: Entry) -> Place | None:
        """What they say of a path; None for what no glob can match, nor anything in it.

        Args:
            path: from the repository's root.
            entry: what it is.
        """
        if not path:
            return self.root
        *folders, name = path.split("/")
        place: Place | None = self.root
        for folder in folders:
            place = place.below(folder, FOLDER) if place else None
        return place.below(name, entry) if place else None


def _least_parts(glob: tuple[str, ...]) -> int:
    """How many names a path has at least: `a/**` is what lies in `a`, and not `a`."""
    return glob.index(ANY_DEPTH) + 1 if ANY_DEPTH in glob else 0
