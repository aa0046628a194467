"""Values that conditions of a template choose between."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar, Union

from orchestrator.frozen import dataclass

Value = TypeVar("Value")
Other = TypeVar("Other")
Known = Mapping[str, bool]
NOTHING_KNOWN: Known = MappingProxyType({})


@dataclass(frozen=True)
class Choice(Generic[Value]):
    """One of two values.

    Attributes:
        condition: the name of the condition that decides.
        yes: the value where it is met.
        no: the value where it is not.
    """

    condition: str
    yes: "Value | Choice[Value]"
    no: "Value | Choice[Value]"


Chosen = Union[Value, Choice[Value]]  # noqa: UP007  # Only this form takes a parameter.


def cases(chosen: Chosen[Value], known: Known = NOTHING_KNOWN) -> Iterator[tuple[Known, Value]]:
    """Each value that is possible, with what the conditions are where it is chosen."""
    if not isinstance(chosen, Choice):
        yield known, chosen
        return
    for is_met, branch in ((True, chosen.yes), (False, chosen.no)):
        if known.get(chosen.condition, is_met) is is_met:
            yield from cases(branch, {**known, chosen.condition: is_met})


def values(chosen: Chosen[Value]) -> list[Value]:
    """The values that are possible, each once."""
    return list(dict.fromkeys(value for _, value in cases(chosen)))


def then(chosen: Chosen[Value], make: Callable[[Value], Chosen[Other]], known: Known = NOTHING_KNOWN) -> Chosen[Other]:
    """What follows from each possible value; no condition is asked twice on the way to one."""
    if not isinstance(chosen, Choice):
        return _decided(make(chosen), known)
    if chosen.condition in known:
        return then(chosen.yes if known[chosen.condition] else chosen.no, make, known)
    yes, no = (
        then(branch, make, {**known, chosen.condition: is_met})
        for is_met, branch in ((True, chosen.yes), (False, chosen.no))
    )
    return yes if yes == no else Choice(chosen.condition, yes, no)


def _decided(chosen: Chosen[Value], known: Known) -> Chosen[Value]:
    return then(chosen, lambda value: value, known) if isinstance(chosen, Choice) else chosen
