"""What a promotion may be started with."""

from typing import Any

import pytest

from orchestrator.errors import RequestError
from orchestrator.steps.resolve_release import parse_request


@pytest.mark.parametrize(
    "request_",
    [
        {"version": "0.2.1"},
        {"commit": "abc", "from": "dev", "to": "test", "reason": "why"},
        {"commit": "abc", "branch": "main", "digest": "d"},
    ],
)
def test_a_good_request_is_read(request_: dict[str, Any]) -> None:
    """And keeps what it was given."""
    read = parse_request(request_).model_dump(by_alias=True, exclude_defaults=True)
    assert read == request_


@pytest.mark.parametrize(
    "request_", [{}, {"version": "1", "commit": "a"}, {"version": 1}, {"colour": "red", "version": "1"}, [], None, "x"]
)
def test_anything_else_is_refused_with_an_example(request_: Any) -> None:
    """An execution's input may be anything that somebody typed."""
    with pytest.raises(RequestError, match=r'Valid are \{"version": "0.2.1"\}'):
        parse_request(request_)
