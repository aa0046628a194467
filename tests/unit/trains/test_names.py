"""Names of trains: those that carry others on are told apart, and people are told what a name may look like."""

from collections.abc import Iterator
from itertools import islice

import pytest

from orchestrator.errors import RequestError
from orchestrator.steps.gate_input import TrainGateInput
from orchestrator.trains.bom import parse_train_request, read_bom
from orchestrator.trains.names import EXECUTION_NAME, check_execution_name, child_name, retry_name, retry_names

_LONG = "release-of-november-for-orders-and-invoices-only"
_FROM_THE_CONSOLE = "5f0c9a52-91d1-4f6c-8a55-0d6d6b7a1c11"


def _first(train: str, number: int = 3) -> list[str]:
    names: Iterator[str] = retry_names(train)
    return list(islice(names, number))


def test_trains_whose_long_names_differ_in_their_ends_are_carried_on_under_different_names() -> None:
    """Else one could not be retried, because the other had been."""
    assert len(_LONG) == 48
    other = f"{_LONG[:-4]}also"
    assert not set(_first(_LONG)) & set(_first(other))
    assert all(len(name) <= 48 for name in _first(_LONG, 998))


@pytest.mark.parametrize("train", ["billing-42", _LONG, _FROM_THE_CONSOLE])
def test_what_carries_a_train_on_is_carried_on_under_the_same_names(train: str) -> None:
    """So that whether one was carried on is known, whichever of them is asked about."""
    first, second, _ = _first(train)
    assert retry_name(train, {first}.__contains__) == second
    assert _first(first) == _first(second) == _first(train)


def test_the_name_of_a_retry_is_not_for_others() -> None:
    """A train of that name would count as carrying on one that it has nothing to do with."""
    with pytest.raises(RequestError, match="names that end with '-r' and a number are those of trains that carry on"):
        read_bom({"name": "billing-r2", "units": ["orders@latest"]}, None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"units": ["orders"]}, "'orders' is not valid: a release is written unit@version, such as orders@0.2.1"),
        ({"units": ["orders@latest"], "name": "x"}, "has 2 to 48 small letters, digits and '-'"),
    ],
)
def test_people_are_told_what_is_valid_and_no_pattern(values: dict[str, object], said: str) -> None:
    """What a pattern allows is said in words."""
    with pytest.raises(RequestError) as caught:
        read_bom(values, None)
    assert said in str(caught.value)
    assert "[a-z]" not in str(caught.value)


def test_a_train_that_the_console_named_is_decided_on() -> None:
    """The console's names begin with a digit as often as not."""
    check_execution_name(_FROM_THE_CONSOLE)
    given = TrainGateInput.model_validate({"train": _FROM_THE_CONSOLE, "decision": "approve"})
    assert given.release == _FROM_THE_CONSOLE


@pytest.mark.parametrize("request_", [[], 7, None])
def test_what_is_no_document_starts_no_train(request_: object) -> None:
    """The console starts an execution with anything."""
    with pytest.raises(RequestError) as caught:
        parse_train_request(request_)
    assert f"not valid: {request_!r} is not valid: it must be a table of keys and values. An example: " in str(
        caught.value
    )


@pytest.mark.parametrize("name", ["t" * 49, "billing=42", ""])
def test_a_name_that_members_cannot_be_named_after_is_refused(name: str) -> None:
    """Step Functions would refuse to start each of them, and it would look as if they had no state machine."""
    with pytest.raises(RequestError, match=r"at most 48 letters, digits, '_', '\.' and '-'"):
        check_execution_name(name)


def test_the_longest_names_fit() -> None:
    """A promotion's name has 80 characters at the most."""
    assert EXECUTION_NAME.endswith("{1,48}$")
    assert len(child_name("t" * 48, "e" * 20, back=True)) <= 80
