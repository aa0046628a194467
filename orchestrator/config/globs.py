"""Globs over paths of a repository: `*` stays within a name, `**` is any number of folders, also none.

Within a name, `*` is any characters, `?` is one, and `[ab]` or `[!ab]` is one of some or of all others, as in
`fnmatch`. A path is matched from the root, in full, and its case counts.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from functools import cached_property

ANY_DEPTH = "**"
_ANY_NAME = "*"
_SPECIAL = frozenset("*?[")
# What a path is shown with where it is no text.
_NO_TEXT = "\N{REPLACEMENT CHARACTER}"


def parts_of(glob: str) -> tuple[str, ...]:
    """A glob's or a path's parts; the root has none."""
    return tuple(part for part in glob.split("/") if part not in ("", "."))


def is_glob(path: str) -> bool:
    """Whether a path is a pattern."""
    return not _SPECIAL.isdisjoint(path)


def escaped(path: str) -> str:
    """The glob that matches just one path; what is no text in it may be anything."""
    return "".join(f"[{one}]" if one in _SPECIAL else "*" if one == _NO_TEXT else one for one in path)


class Globs:
    """Many globs that are matched together: what a path costs depends on its depth, and not on how many there are.

    Paths are followed from the root down, a name at a time, through states: each knows which globs match there, and
    where a name leads. They are made as they are needed.

    Args:
        globs: as they are written.
    """

    def __init__(self, globs: Iterable[str]) -> None:
        root = _Place(is_deep=False)
        for number, glob in enumerate(globs):
            root.add(parts_of(glob), number)
        self._states: dict[frozenset[_Place], State] = {}
        self.root = self.state([root])

    def state(self, places: "Iterable[_Place]") -> "State":
        """The state of being at some places in the globs."""
        return self.exactly(frozenset(one for place in places for one in place.reached))

    def exactly(self, places: "frozenset[_Place]") -> "State":
        """The state of being at no other places than these."""
        found = self._states.get(places)
        if found is None:
            found = self._states[places] = State(self, places)
        return found

    def at(self, path: str) -> "State":
        """The state of a path."""
        state = self.root
        for name in parts_of(path):
            state = state.below(name)
        return state

    def match(self, path: str) -> bool:
        """Whether any of them matches a path."""
        return bool(self.at(path).globs)


class State:
    """What globs say of a path.

    Attributes:
        globs: the numbers of those that match it.
        leads_on: whether any may match something below it.
    """

    def __init__(self, owner: Globs, places: "frozenset[_Place]") -> None:
        self._owner = owner
        self._places = places
        self._names = frozenset(name for place in places for name in place.names)
        self._patterns = [pattern for place in places for pattern in place.patterns]
        self._known: dict[str, State] = {}
        self.globs = tuple(sorted({number for place in places for number in place.globs}))
        self.leads_on = any(place.leads_on for place in places)

    def below(self, name: str) -> "State":
        """The state of what has a name in this folder."""
        matched = [place for matches, place in self._patterns if matches(name)] if self._patterns else []
        if matched:
            return self._owner.state([*matched, *self._next(name)])
        if name not in self._names:
            return self._unnamed
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._owner.state(self._next(name))
        return found

    @cached_property
    def without_depth(self) -> "State":
        """The same for what a `**` does not look into: where one has led is left out."""
        return self._owner.exactly(frozenset(place for place in self._places if not place.is_deep))

    @cached_property
    def _unnamed(self) -> "State":
        """The state of whatever has a name that no glob writes out."""
        return self._owner.state(self._next(None))

    def _next(self, name: str | None) -> "Iterator[_Place]":
        for place in self._places:
            yield from place.always
            if name in place.names:
                yield place.names[name]


class _Place:
    """A place between the parts of globs that are alike so far.

    Args:
        is_deep: whether a `**` led here.
        repeats: whether it is right behind a `**`, so that it is also behind whatever comes next.
    """

    def __init__(self, *, is_deep: bool, repeats: bool = False) -> None:
        self.is_deep = is_deep
        self.globs: list[int] = []
        self.names: dict[str | None, _Place] = {}
        self.patterns: list[tuple[Callable[[str], object], _Place]] = []
        self.always: list[_Place] = [self] if repeats else []
        self._by_part: dict[str, _Place] = {}
        self._repeats = repeats

    def add(self, parts: tuple[str, ...], number: int) -> None:
        """Add the rest of a glob."""
        place = self
        for part in parts:
            place = place._behind(part)
        place.globs.append(number)

    @property
    def leads_on(self) -> bool:
        """Whether anything is behind it."""
        return bool(self._by_part) or self._repeats

    @property
    def reached(self) -> "Iterator[_Place]":
        """Where one is as well, as a `**` may be no folder."""
        yield self
        if ANY_DEPTH in self._by_part:
            yield self._by_part[ANY_DEPTH]

    def _behind(self, part: str) -> "_Place":
        if part == ANY_DEPTH and self._repeats:
            return self
        if part not in self._by_part:
            repeats = part == ANY_DEPTH
            place = self._by_part[part] = _Place(is_deep=self.is_deep or repeats, repeats=repeats)
            if part == _ANY_NAME:
                self.always.append(place)
            elif not repeats and is_glob(part):
                self.patterns.append((re.compile(translate(part)).match, place))
            elif not repeats:
                self.names[part] = place
        return self._by_part[part]
