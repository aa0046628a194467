"""Frozen dataclasses, beside those of the standard library."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest

from orchestrator.frozen import dataclass


def make(decorate: Callable[..., Any]) -> Any:
    """A class with all that such classes have here."""

    @decorate(frozen=True)
    class Base:
        unit: str
        version: str = "0.1.0"

    @decorate(frozen=True)
    class Release(Base):
        files: list[str] = dataclasses.field(default_factory=list)
        note: str = dataclasses.field(default="", repr=False, compare=False)

        @cached_property
        def name(self) -> str:
            """Made once."""
            return f"{self.unit}@{self.version}"

    return Release


OURS, THEIRS = make(dataclass), make(dataclasses.dataclass)


@dataclass(frozen=True)
class Input:
    """At the top of a module, as pickles need it."""

    path: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nothing:
    """Without a field."""


@dataclass(frozen=True)
class Node:
    """What may hold itself."""

    below: list["Node"]


@dataclass(frozen=True)
class Checked:
    """What says no."""

    size: int

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.size < 0:
            raise ValueError(self.size)


@pytest.mark.parametrize(
    "arguments",
    [
        {"unit": "orders"},
        {"unit": "orders", "version": "0.2.0", "files": ["a"], "note": "n"},
        {},
        {"unit": "orders", "colour": "red"},
    ],
)
@pytest.mark.parametrize(
    "act",
    [
        repr,
        dataclasses.asdict,
        dataclasses.astuple,
        lambda made: [(one.name, one.default, one.compare) for one in dataclasses.fields(made)],
        lambda made: dataclasses.replace(made, version="9").version,
        lambda made: made == type(made)(made.unit, made.version, list(made.files), "another note"),
        lambda made: made == dataclasses.replace(made, files=["another"]),
        lambda made: made == 1,
        lambda made: made.files is type(made)("x").files,
        lambda made: (made.name, made.name, made == type(made)(made.unit, made.version, made.files)),
        lambda made: copy.copy(made).files is made.files,
        lambda made: type(made).__match_args__,
        hash,
        lambda made: setattr(made, "version", "9"),
        lambda made: setattr(made, "colour", "red"),
        lambda made: delattr(made, "unit"),
    ],
)
def test_they_do_what_the_standard_librarys_do(act: Callable[[Any], Any], arguments: dict[str, Any]) -> None:
    """Made, shown, compared, replaced, and refused with the same words."""
    assert tried(lambda: act(OURS(**arguments))) == tried(lambda: act(THEIRS(**arguments)))


def tried(act: Callable[[], Any]) -> Any:
    """What something returns or raises, in words."""
    try:
        return act()
    except (TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"


def test_equal_ones_are_one_key() -> None:
    """So they can be counted and looked up."""
    assert len({Input("a"), Input("a", ()), Input("b")}) == 2
    assert {Nothing(): 1}[Nothing()] == 1
    assert Input("a").__eq__(("a", ())) is NotImplemented


def test_they_can_be_sent_elsewhere() -> None:
    """As to another process."""
    sent = pickle.dumps(Input("a", ("b",)))
    assert pickle.loads(sent) == Input("a", ("b",))  # noqa: S301  # They are our own.


def test_one_that_holds_itself_can_be_shown() -> None:
    """A log must not end the program."""
    node = Node([])
    node.below.append(node)
    assert repr(node) == "Node(below=[...])"


def test_what_is_to_happen_afterwards_happens() -> None:
    """As checks."""
    with pytest.raises(ValueError, match="-1"):
        Checked(-1)
    assert Checked(1).size == 1


def test_methods_that_a_class_has_stay_its_own() -> None:
    """As the standard library leaves them."""

    @dataclass(frozen=True)
    class Secret:
        token: str

        def __repr__(self) -> str:
            return "Secret()"

    assert repr(Secret("x")) == "Secret()"


def test_other_kinds_are_the_standard_librarys() -> None:
    """Only what is frozen, and nothing else, is made here."""

    @dataclass
    class Counter:
        count: int = 0

    @dataclass(frozen=True, slots=True)
    class Point:
        x: int

    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    assert not hasattr(Point(1), "__dict__")
