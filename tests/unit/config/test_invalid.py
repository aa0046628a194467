"""What is wrong with documents."""

import pytest
from pydantic import BaseModel, ValidationError

from orchestrator.config.invalid import told


class Seven(BaseModel):
    """More than is told."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int


def problems(text: str) -> str:
    """What is said of a text."""
    with pytest.raises(ValidationError) as raised:
        Seven.model_validate_json(text)
    return told(raised.value)


def test_problems_are_told_with_their_places_and_without_the_library_s_own_words() -> None:
    """Those who read it have never heard of its classes, and the list has an end."""
    wrong = problems('{"a": "x"}')
    assert wrong.startswith("a: Input should be a valid integer, unable to parse")
    assert wrong.endswith("; e: Field required; and 2 more")
    assert problems("{").startswith("the whole: Invalid JSON: ")
    assert "pydantic" not in wrong + problems("{")
