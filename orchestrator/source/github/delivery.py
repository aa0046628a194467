"""Webhook deliveries: whether GitHub sent one, and whether it tells of a merge that counts. Pure decisions.

What is old: a delivery says when the push was (`repository.pushed_at`), and repeats it when somebody has it delivered
again, which GitHub allows for three days. A commit's own time says nothing, since old commits are pushed, too. So what
is taken is at most three days old, and for longer than that it is remembered: no delivery is ever taken twice.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.pushes.push import CommitId, Push, github_pusher, known_commit

OLDEST_SECONDS = 3 * 86_400
"""How old a push may be: GitHub delivers it again for three days."""

YOUNGEST_SECONDS = -3_600
"""How far in the future it may be: clocks differ, but one that lies ahead would be young for longer than remembered."""

_SHORTEST_SECRET = 16
# A number in JSON may have any number of digits; with no more than these, times can be compared.
_Seconds = Annotated[int, Field(ge=0, lt=2**53)]


class WebhookSecrets(BaseModel):
    """The secrets that deliveries are signed with: while one is exchanged for another, both are valid."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    current: Annotated[SecretStr, Field(min_length=_SHORTEST_SECRET)]
    previous: Annotated[SecretStr, Field(min_length=_SHORTEST_SECRET)] | None = None

    @property
    def valid(self) -> list[bytes]:
        """All of them."""
        return [one.get_secret_value().encode() for one in (self.current, self.previous) if one]


def parse_secrets(text: str) -> WebhookSecrets:
    """Read the webhook's secret.

    Raises:
        SourceError: it is none; nothing of it is in the message.
    """
    try:
        return WebhookSecrets.model_validate_json(text)
    except ValidationError:
        # Not chained: a traceback would show what it was made of.
        raise SourceError(
            'The webhook\'s secret is not valid. It must be JSON such as {"current": "..."}, or {"current": "...", '
            f'"previous": "..."}} while it is exchanged, each of {_SHORTEST_SECRET} characters at least.'
        ) from None


def is_signed(body: bytes, signature: str, secrets: Sequence[bytes]) -> bool:
    """Whether a body was signed with one of the secrets; it takes the same time whatever is wrong.

    Args:
        body: the raw bytes.
        signature: the header `X-Hub-Signature-256`.
        secrets: those that are valid.
    """
    signatures = [f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}" for secret in secrets]
    given = signature.encode(errors="surrogatepass")
    # A list, so that all are compared.
    return any([hmac.compare_digest(one.encode(), given) for one in signatures])  # noqa: C419


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Repository(_Payload):
    id: int
    full_name: str


class _Pushed(_Repository):
    pushed_at: _Seconds


class _Pusher(_Payload):
    name: str | None = None


class _Push(_Payload):
    ref: str
    before: str = ""
    after: CommitId
    deleted: bool = False
    forced: bool = False
    repository: _Pushed
    pusher: _Pusher | None = None

    def pushed(self) -> Push:
        """Who pushed. GitHub always says so; where it does not, it is somebody whom nobody knows."""
        who = github_pusher((self.pusher and self.pusher.name) or "")
        at = datetime.fromtimestamp(self.repository.pushed_at, UTC)
        return Push(before=known_commit(self.before), pushed_by=who, at=at)


@dataclass(frozen=True)
class Expected:
    """The deliveries that count.

    Attributes:
        full_name: of the repository, such as `acme/shop`.
        id: its number, None when any repository of that name will do.
        branch: the branch whose merges are promoted.
    """

    full_name: str
    id: int | None
    branch: str

    def is_of(self, repository: _Repository) -> bool:
        """Whether a repository is the one; names differ in case only, and names are given to others."""
        return repository.full_name.lower() == self.full_name.lower() and self.id in (None, repository.id)


@dataclass(frozen=True)
class Verdict:
    """What comes of a delivery.

    Attributes:
        status: of the answer.
        message: one sentence, for whoever looks at the delivery in GitHub.
        commit: the commit that the branch moved to; empty when nothing follows.
        push: who moved it; None when nothing follows.
    """

    status: HTTPStatus
    message: str
    commit: str = ""
    push: Push | None = None


def judge(event: str, body: bytes, expected: Expected, now: float) -> Verdict:
    """Decide on a delivery whose signature is right.

    Args:
        event: the header `X-GitHub-Event`, which is not signed: what the body is of must agree with it.
        body: the raw bytes.
        expected: what counts.
        now: seconds since 1970.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return Verdict(HTTPStatus.BAD_REQUEST, "This is no JSON: set the webhook's content type to application/json.")
    if "repository" in document and not _is_of(document["repository"], expected):
        return Verdict(HTTPStatus.FORBIDDEN, "This webhook is of another repository.")
    if event == "ping":
        return Verdict(HTTPStatus.OK, "pong")
    if event != "push":
        return Verdict(HTTPStatus.ACCEPTED, "Nothing follows: this is no push.")
    return _judge_push(document, expected, now)


def _judge_push(document: Any, expected: Expected, now: float) -> Verdict:
    try:
        push = _Push.model_validate(document)
    except ValidationError:
        return Verdict(HTTPStatus.BAD_REQUEST, "This is not what a push looks like.")
    if push.ref != f"refs/heads/{expected.branch}":
        return Verdict(HTTPStatus.ACCEPTED, f"Nothing follows: only pushes to {expected.branch} count.")
    if push.deleted:
        return Verdict(HTTPStatus.ACCEPTED, f"Nothing follows: {expected.branch} was deleted.")
    if not YOUNGEST_SECONDS <= now - push.repository.pushed_at <= OLDEST_SECONDS:
        return Verdict(HTTPStatus.GONE, "This push is not of the last three days; the next one makes up for it.")
    how = " by force" if push.forced else ""
    return Verdict(HTTPStatus.ACCEPTED, f"{expected.branch} moved{how} to {push.after}.", push.after, push.pushed())


def _is_of(repository: Any, expected: Expected) -> bool:
    try:
        return expected.is_of(_Repository.model_validate(repository))
    except ValidationError:
        return False
