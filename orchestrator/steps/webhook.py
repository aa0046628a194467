"""When GitHub tells of a push: check that it is GitHub, that it is new, and put the event of the push."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import field
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict

from orchestrator.aws.merge_event import MergeNotToldError
from orchestrator.frozen import dataclass
from orchestrator.ledger.deliveries import DeliveryRecords
from orchestrator.source.github.delivery import Expected, Verdict, is_signed, judge, parse_secrets
from orchestrator.source.pushes.push import Push

LARGEST_BODY = 4_000_000
"""Bytes: a push names up to 2,048 commits with their files. A function URL takes no more than six million, encoded."""

_SECRET_SECONDS = 60
_LONGEST_NUMBER = 64
_UNAUTHORIZED = Verdict(HTTPStatus.UNAUTHORIZED, "")
_TOO_LARGE = Verdict(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "")


class WebhookRequest(BaseModel):
    """What a function URL hands over; there is more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    headers: dict[str, str]
    body: str = ""
    isBase64Encoded: bool = False  # noqa: N815  # As AWS writes it.

    def header(self, name: str) -> str:
        """A header by its name in small letters, empty when it is not there."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")

    def content(self) -> bytes | None:
        """The raw bytes, None when they are too many; nothing is decoded before that is known."""
        most = LARGEST_BODY * 4 // 3 + 4 if self.isBase64Encoded else LARGEST_BODY
        if len(self.body) > most:
            return None
        try:
            text = self.body.encode(errors="surrogatepass")
            content = base64.b64decode(text, validate=True) if self.isBase64Encoded else text
        except binascii.Error:
            return b""
        return content if len(content) <= LARGEST_BODY else None


class Secrets:
    """The webhook's secrets, read again a minute after they were read.

    Args:
        read: reads the secret's text.
        clock: seconds since 1970.
    """

    def __init__(self, read: Callable[[], str], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._valid: list[bytes] = []
        self._read_at = float("-inf")

    def __call__(self) -> list[bytes]:
        """Those that are valid.

        Raises:
            OrchestratorError: they cannot be read; nothing of them is in the message.
        """
        if self._clock() - self._read_at > _SECRET_SECONDS:
            self._valid, self._read_at = parse_secrets(self._read()).valid, self._clock()
        return self._valid


@dataclass(frozen=True)
class Webhook:
    """Acts on deliveries.

    Args:
        secrets: those that deliveries are signed with.
        expected: the deliveries that count.
        deliveries: remembers them.
        put_push: tells of a push, given branch, commit and who pushed.
        clock: seconds since 1970.
    """

    secrets: Callable[[], list[bytes]]
    expected: Expected
    deliveries: DeliveryRecords
    put_push: Callable[[str, str, Push], None] = field(repr=False)
    clock: Callable[[], float]

    def __call__(self, request: WebhookRequest) -> Verdict:
        """Act on one. Who has not signed it learns nothing.

        Raises:
            OrchestratorError: the secret cannot be read, or the event cannot be put; then it may come again.
        """
        body = request.content()
        if body is None:
            return _TOO_LARGE
        if not is_signed(body, request.header("x-hub-signature-256"), self.secrets()):
            return _UNAUTHORIZED
        verdict = judge(request.header("x-github-event"), body, self.expected, self.clock())
        if verdict.push is None:
            return verdict
        number = request.header("x-github-delivery")
        return self._act(verdict, verdict.push, hashlib.sha256(body).hexdigest(), number)

    def _act(self, verdict: Verdict, push: Push, digest: str, number: str) -> Verdict:
        number = number[:_LONGEST_NUMBER].encode("ascii", errors="replace").decode()
        if not self.deliveries.claim(digest, number, self.clock()):
            return Verdict(HTTPStatus.ACCEPTED, "Nothing follows: this delivery was seen before.")
        try:
            self.put_push(self.expected.branch, verdict.commit, push)
        except MergeNotToldError:
            self.deliveries.release(digest)
            raise
        self.deliveries.settle(digest, number, self.clock())
        return verdict
