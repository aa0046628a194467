"""Answers in the place of moto's: what AWS would say where moto lacks an operation, or where a test wants a failure."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.models import botocore_stubber

Answer = Callable[[AWSPreparedRequest], AWSResponse | None]


@dataclass
class Answers:
    """By operation, such as `cloudformation.CreateChangeSet`: what is answered; None leaves the answer to moto."""

    always: dict[str, Answer] = field(default_factory=dict)
    next: dict[str, list[Answer]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    """The operations that were answered here, in order."""

    def __call__(self, event_name: str, request: Any, **_arguments: object) -> AWSResponse | None:
        """Answer, as a handler of botocore's event `before-send`."""
        operation = event_name.removeprefix("before-send.")
        waiting = self.next.get(operation)
        answer = waiting.pop(0) if waiting else self.always.get(operation)
        given = answer(request) if answer else None
        if given is None:
            return botocore_stubber(event_name, request)
        self.given.append(operation)
        return given

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Answer the calls of every session made from now on."""
        # In the place of moto's own: botocore asks every handler, and moto's raises where it has no answer.
        place = BUILTIN_HANDLERS.index(("before-send", botocore_stubber))
        BUILTIN_HANDLERS[place] = ("before-send", self)
        try:
            yield
        finally:
            BUILTIN_HANDLERS[place] = ("before-send", botocore_stubber)


def refuse(code: str, message: str, status: int = 400) -> Answer:
    """Answer with an error, in the form of the service's protocol."""

    def answer(request: AWSPreparedRequest) -> AWSResponse:
        service = str(request.url).split("//", 1)[1].split(".", 1)[0]
        detail = f"<Code>{code}</Code><Message>{message}</Message>"
        if service in ("dynamodb", "states", "lambda", "kms", "ssm", "cloudtrail"):
            body = json.dumps({"__type": code, "message": message})
        elif ".s3." in str(request.url):
            body = f"<Error>{detail}</Error>"
        else:
            body = f"<ErrorResponse><Error><Type>Sender</Type>{detail}</Error></ErrorResponse>"
        return respond(request, body, status)

    return answer


def say(body: str) -> Answer:
    """Answer with a document."""
    return lambda request: respond(request, body)


def respond(request: AWSPreparedRequest, body: str, status: int = 200) -> AWSResponse:
    """An answer as it comes from the wire."""
    return AWSResponse(str(request.url), status, HTTPHeaders(), _Raw(body.encode()))


class _Raw:
    """The body of an answer, read in one piece or in chunks."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_arguments: object, **_named: object) -> Iterator[bytes]:
        """All of it in one chunk."""
        yield self._content

    def read(self, _size: int | None = None, **_arguments: object) -> bytes:
        """What is left."""
        content, self._content = self._content, b""
        return content
