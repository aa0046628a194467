"""What counts as a passed smoke test."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.unit import InvokeTest
from orchestrator.steps.checks import is_subset, judge

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_a_document_is_a_subset_of_itself(document: Any) -> None:
    """Whatever it holds."""
    assert is_subset(document, document)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=3), st.dictionaries(st.text(max_size=3), JSON, max_size=3))
def test_more_keys_do_no_harm_and_missing_ones_do(expected: dict[str, Any], more: dict[str, Any]) -> None:
    """An answer may hold more than is expected."""
    assert is_subset(expected, {**more, **expected})
    missing = more.keys() - expected.keys()
    assert is_subset({**more, **expected}, expected) == (not missing)


@pytest.mark.parametrize(
    ("expected", "actual"), [(1, True), (0, False), ([1], [1, 2]), ({"a": 1}, {"a": "1"}), ({"a": 1}, [1])]
)
def test_what_only_looks_alike_is_no_subset(expected: Any, actual: Any) -> None:
    """Types count, and so does the length of a list."""
    assert not is_subset(expected, actual)


@pytest.mark.parametrize(
    ("test", "answer", "said"),
    [
        ({"match": "ok"}, {"ok": True}, None),
        ({"match": "ok"}, {"ok": 1}, "match = 'ok' is 1 for the answer"),
        ({"match": "ok"}, None, "match = 'ok' is null"),
        ({"match": "ok["}, {}, "is not valid JMESPath"),
        ({"expect": {"a": 1}}, {"a": 1, "b": 2}, None),
        ({"expect": {"a": 1}}, {"a": 2}, 'expected {"a": 1} within the answer'),
        ({}, "anything", None),
    ],
)
def test_an_answer_is_judged(test: dict[str, Any], answer: Any, said: str | None) -> None:
    """None when it is as wanted, or a sentence."""
    verdict = judge(answer, InvokeTest.model_validate({"invoke": "Function", **test}))
    assert verdict is None if said is None else said in str(verdict)
