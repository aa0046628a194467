"""Gates and promotions of all units have names that no policy can confuse."""

import re
from fnmatch import fnmatchcase

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.config.names import LONGEST_NAME
from orchestrator.config.reserved import reserved_because, unreserved
from orchestrator.config.unit import gate_name, unit_for
from orchestrator.trains.names import TRAIN_MACHINE, train_gate_name

_WORDS = st.sampled_from(["promote", "approve", "approval", "train", "unit", "a", "b", "prod", "x1"])
_ENVIRONMENTS = st.sampled_from(["dev", "prod", "approve", "promote", "train"])


@st.composite
def _legal(draw: st.DrawFn) -> str:
    """A legal name, mostly of the words that matter."""
    words = draw(st.lists(_WORDS, min_size=1, max_size=5))
    between = draw(st.lists(st.sampled_from(["-", "_", "", "--"]), min_size=5, max_size=5))
    name = "".join(word + glue for word, glue in zip(words, between, strict=False))
    return name[:LONGEST_NAME]


_ALLOWED = _legal().filter(lambda name: not reserved_because(name))


@given(_ALLOWED, _ALLOWED, _ENVIRONMENTS)
def test_no_promotion_is_named_like_a_gate(unit: str, other: str, environment: str) -> None:
    """Not by its name, and not by what policies allow."""
    machine, gate = unit_for(unit, "{}").state_machine_name, gate_name(other, environment)
    assert machine != gate
    assert not fnmatchcase(machine, "*-approve-*")
    assert not fnmatchcase(gate, "promote-*")
    assert not fnmatchcase(f"stateMachine:{gate}", "stateMachine:promote-*")


@given(_ALLOWED, _ALLOWED, _ENVIRONMENTS)
def test_whoever_may_approve_one_unit_may_approve_no_other(unit: str, other: str, environment: str) -> None:
    """A policy names the gates of a unit by its name and '-approve-*'; the trains' likewise."""
    gate = gate_name(other, environment)
    assert fnmatchcase(gate, f"{unit}-approve-*") == (unit == other)
    assert gate != train_gate_name(environment)
    assert not fnmatchcase(gate, "train-approve-*")
    assert unit_for(unit, "{}").state_machine_name != TRAIN_MACHINE


@given(_ALLOWED, _ALLOWED)
def test_stacks_of_units_are_shared_only_where_names_differ_in_dashes_alone(unit: str, other: str) -> None:
    """CloudFormation has no underscore: such units are refused as having the same name."""
    stacks = {unit_for(name, "{}").promotion_stack_name for name in (unit, other)}
    assert (len(stacks) == 1) == (unit.replace("_", "-") == other.replace("_", "-"))


@example("promote--promote--approve_promote-promot")
@given(_legal())
def test_the_name_that_is_proposed_instead_is_legal_and_allowed(name: str) -> None:
    """It is the given one where that is allowed."""
    proposed = unreserved(name)
    assert not reserved_because(proposed)
    assert re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", proposed)
    assert (proposed == name) == (not reserved_because(name))
