"""The edge that all handlers share."""

import json
import logging
from traceback import format_exception

import pytest
from pydantic import BaseModel, Field

from lambdas.edge import respond
from orchestrator.errors import RequestError


class Question(BaseModel):
    """An event."""

    text: str
    token: str = "secret-token"


class Answer(BaseModel):
    """A result."""

    status: str
    from_: str = Field(default="dev", alias="from")


def test_a_result_is_json_by_its_aliases(caplog: pytest.LogCaptureFixture) -> None:
    """And one line is logged, without the event, which may carry a token."""
    with caplog.at_level(logging.INFO):
        answer = respond(Question, {"text": "hello"}, lambda question: Answer(status=question.text))
    assert answer == {"status": "hello", "from": "dev"}
    (line,) = caplog.messages
    assert json.loads(line)["status"] == "hello"
    assert "secret-token" not in caplog.text


def test_a_known_error_is_logged_with_its_sentence_and_raised(caplog: pytest.LogCaptureFixture) -> None:
    """Step Functions makes it the cause."""

    def refuse(_question: Question) -> Answer:
        raise RequestError("Ask for something else.")

    with caplog.at_level(logging.INFO), pytest.raises(RequestError):
        respond(Question, {"text": "hello"}, refuse)
    assert json.loads(caplog.messages[0])["message"] == "Ask for something else."


def test_an_event_of_the_wrong_shape_is_an_error() -> None:
    """It is another version's state machine or command line, or somebody who calls the function by hand."""
    event = {"token": "secret-token"}
    with pytest.raises(RequestError, match=r"text: Field required.*'orchestrator bootstrap'") as caught:
        respond(Question, event, lambda question: Answer(status=question.text))
    assert "secret-token" not in "".join(format_exception(caught.value))
