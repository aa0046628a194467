"""Which units go as one train, and when that train may start."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.config.trains import MergedTrain
from orchestrator.source.affected import LastStart
from orchestrator.source.demand import Demand, Look, Standing, Together, to_ask
from orchestrator.source.survey import train_facts
from orchestrator.source.together import Called, Trains
from orchestrator.steps.start_train import due_together

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MEMBERS = ("orders", "invoices", "ledger")
BEFORE = "arn:aws:states:eu-west-1:111111111111:execution:orchestrator-train:billing-0"


def demand(unit: str, digest: str = "new", definition: str = "as it is") -> Demand:
    """What the branch calls for in a unit."""
    return Demand(unit, digest, definition, "commit", folder=f"projects/{unit}")


def stands(unit: str, execution: str = "alone", **differing: Any) -> Standing:
    """A unit for which nothing is left to be done, but for what differs."""
    start = LastStart("old", {}, "before", execution)
    return replace(Standing(start, "as it is", demand(unit, "old")), **differing)


def call(
    standings: Mapping[str, Standing],
    run: int = 1,
    broken: tuple[str, ...] = (),
    wanted: Mapping[str, Demand] | None = None,
    **settings: Any,
) -> Called:
    """Call for the train of all members, two of which a merge changed unless told."""
    train = MergedTrain.model_validate({"name": "billing", "units": MEMBERS, **settings})
    wanted = wanted or {"orders": demand("orders"), "invoices": demand("invoices"), "ledger": demand("ledger", "old")}
    kept = {unit: one for unit, one in wanted.items() if unit not in broken}
    look = Look(run, f"commit-{run}", NOW)
    return Trains((train_facts(train),), lambda name: name != "billing-0").call(look, kept, broken, standings)


def together(called: Called) -> dict[str, Together]:
    """By unit, what it goes with."""
    return {unit: one.together for unit, one in called.wanted.items() if one.together}


ALL = {unit: stands(unit) for unit in MEMBERS}


def test_what_changed_together_goes_together() -> None:
    """From one commit, with what the train is told to do; what did not change stays."""
    found = together(call(ALL, to="test", on_failure="roll_back"))
    assert set(found) == {"orders", "invoices"}
    assert found["orders"] == found["invoices"]
    assert found["orders"].digests == {"orders": "new", "invoices": "new"}
    assert found["orders"].settings == {"to": "test", "on_failure": "roll_back"}
    assert (found["orders"].commit, found["orders"].run) == ("commit-1", 1)


@pytest.mark.parametrize(("single", "expected"), [("alone", set()), ("train", {"orders"})])
def test_what_changed_by_itself_goes_as_it_is_configured(single: str, expected: set[str]) -> None:
    """Alone, or as a train of one."""
    wanted = {unit: demand(unit, "new" if unit == "orders" else "old") for unit in MEMBERS}
    assert set(together(call(ALL, wanted=wanted, single=single))) == expected


def test_members_of_a_train_that_has_not_arrived_go_along() -> None:
    """Else what is left of it would never follow; those of one that has arrived stay."""
    wanted = {unit: demand(unit, "new" if unit == "orders" else "old") for unit in MEMBERS}
    found = together(call({**ALL, "ledger": stands("ledger", BEFORE)}, wanted=wanted))
    assert found["ledger"].digests == {"orders": "new", "ledger": "old"}
    assert not together(call({**ALL, "ledger": stands("ledger", BEFORE.replace("-0", "-1"))}, wanted=wanted))


def test_nothing_goes_where_nothing_changed() -> None:
    """Whatever became of the last train: a change of what state machines are made of alone promotes nobody."""
    left = {unit: stands(unit, BEFORE) for unit in MEMBERS}
    wanted = {unit: demand(unit, "old", "other approvals" if unit == "orders" else "as it is") for unit in MEMBERS}
    called = call(left, wanted=wanted)
    assert not together(called)
    assert [one.unit for one in to_ask(Look(2, "c", NOW), called.wanted, (), left)] == ["orders"]


def asked(called: Called, standings: Mapping[str, Standing], run: int) -> dict[str, Standing]:
    """How the units stand once what is missing was asked for."""
    found = to_ask(Look(run, f"commit-{run}", NOW), called.wanted, (), standings)
    return {**standings, **{one.unit: replace(standings[one.unit], demand=replace(one, asked_at=NOW)) for one in found}}


def test_what_is_called_for_already_is_left_to_those_who_do_it() -> None:
    """A later look that sees the same asks for nothing; one that sees another definition calls all of it anew."""
    pending = asked(call(ALL), ALL, 1)
    assert asked(call(pending, run=2), pending, 2) == pending
    other = {**call(ALL).wanted, "orders": demand("orders", definition="other approvals")}
    wanted = {unit: replace(one, together=None) for unit, one in other.items()}
    anew = asked(call(pending, run=3, wanted=wanted), pending, 3)
    runs = {unit: one.demand.together.run for unit, one in anew.items() if one.demand and one.demand.together}
    assert runs == {"orders": 3, "invoices": 3}


def test_the_train_of_a_member_that_is_not_valid_waits() -> None:
    """Nobody knows whether it changed with them; people are told what to mend."""
    called = call(ALL, broken=("ledger",))
    assert called.waiting == {"orders", "invoices"}
    assert set(called.wanted) == set()
    (problem,) = called.problems
    assert problem == (
        "invoices, orders waits: the train 'billing' has ledger as well, which is not valid. Mend that, or take it out "
        "of the train in orchestrator.toml."
    )


def test_a_member_that_is_gone_is_named_and_left_out() -> None:
    """The others go without it."""
    wanted = {unit: demand(unit) for unit in ("orders", "invoices")}
    called = call(ALL, wanted=wanted)
    assert set(together(called)) == {"orders", "invoices"}
    assert "'billing' has 'ledger', of which there is no unit" in called.problems[0]


def test_the_last_member_that_becomes_ready_starts_the_train() -> None:
    """Not before all are asked for the same and their state machines are up to date; and not twice."""
    pending = asked(call(ALL), ALL, 1)
    train = together(call(ALL))["orders"]

    def due(**differing: Standing) -> set[str]:
        return set(due_together(train, {**pending, **differing}))

    assert due() == {"orders", "invoices"}
    assert due(orders=replace(pending["orders"], definition="older")) == set()
    assert due(orders=replace(pending["orders"], demand=demand("orders"))) == set()
    started = {unit: replace(pending[unit], start=LastStart("new", {}, "c", "e")) for unit in ("orders", "invoices")}
    assert due(**started) == set()
