"""The webhook as a function URL calls it, with a ledger and a bus."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.aws.merge_event import MergeNotToldError
from orchestrator.ledger.ledger import Ledger
from orchestrator.source.github.delivery import Expected
from orchestrator.source.pushes.push import Push
from orchestrator.steps.webhook import LARGEST_BODY, Secrets, Webhook, WebhookRequest
from tests.github.deliveries import DELIVERY, SECRET, push, request
from tests.ledger_table import make_ledger_table

DAY = 86_400


@dataclass
class World:
    """What is around the webhook: the time, the secret, and a bus that may be out of order."""

    now: float = 1_700_000_000.0
    secret: str = SECRET
    reads: int = 0
    is_broken: bool = False
    merges: list[tuple[str, str]] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)

    def read(self) -> str:
        """Read the secret."""
        self.reads += 1
        return json.dumps({"current": self.secret})

    def put_push(self, branch: str, commit: str, push: Push) -> None:
        """Put the event of a push."""
        if self.is_broken:
            raise MergeNotToldError("EventBridge is not well")
        self.merges.append((branch, commit))
        self.pushes.append(push)

    def clock(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def world() -> World:
    """One for each test."""
    return World()


@pytest.fixture
def webhook(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """The webhook, with a ledger of its own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        table = make_ledger_table(boto3.Session(region_name="eu-west-1"))
        ledger = Ledger(table, lambda: datetime.fromtimestamp(world.now, UTC))
        expected = Expected("acme/shop", 1296269, "main")
        secrets = Secrets(world.read, world.clock)
        yield Webhook(secrets, expected, ledger.deliveries, world.put_push, world.clock)


def call(webhook: Webhook, event: dict[str, Any]) -> HTTPStatus:
    """Call it; returns the status of its answer."""
    return webhook(WebhookRequest.model_validate(event)).status


@pytest.mark.parametrize("is_base64", [False, True])
def test_a_push_becomes_a_merge_event(webhook: Webhook, world: World, *, is_base64: bool) -> None:
    """However the function URL writes the body: the signature is of its bytes."""
    assert call(webhook, request(push(world.now), is_base64=is_base64)) == HTTPStatus.ACCEPTED
    assert world.merges == [("main", "2" * 40)]
    at = datetime.fromtimestamp(world.now, UTC)
    assert world.pushes == [Push(before="1" * 40, pushed_by="github:octocat", at=at)]


def test_a_delivery_that_comes_twice_is_acted_on_once(webhook: Webhook, world: World) -> None:
    """By its content, for as long as it is young enough: its number is not signed, so anybody could change it."""
    delivery = push(world.now)
    call(webhook, request(delivery))
    for seconds, headers in ((0, {}), (2 * DAY, {}), (0, {"x-github-delivery": "another-number"})):
        world.now += seconds
        verdict = webhook(WebhookRequest.model_validate(request(delivery, headers=headers)))
        assert (verdict.status, verdict.message) == (202, "Nothing follows: this delivery was seen before.")
    world.now += 1.5 * DAY
    assert call(webhook, request(delivery)) == HTTPStatus.GONE
    assert len(world.merges) == 1


def test_another_push_to_the_same_commit_is_another_delivery(webhook: Webhook, world: World) -> None:
    """A branch may go there and back."""
    call(webhook, request(push(world.now)))
    call(webhook, request(push(world.now + 1)))
    assert len(world.merges) == 2


def test_what_could_not_be_told_may_come_again(webhook: Webhook, world: World) -> None:
    """GitHub shows the failure, and somebody has it delivered again."""
    world.is_broken = True
    with pytest.raises(MergeNotToldError):
        call(webhook, request(push(world.now)))
    world.is_broken = False
    assert call(webhook, request(push(world.now))) == HTTPStatus.ACCEPTED
    assert world.merges == [("main", "2" * 40)]


def test_what_was_cut_short_may_come_again_after_a_minute(webhook: Webhook, world: World) -> None:
    """The Lambda that had taken it may have died between its claim and its event."""
    body = request(push(world.now))["body"].encode()
    digest = hashlib.sha256(body).hexdigest()
    assert webhook.deliveries.claim(digest, DELIVERY, world.now)
    delivery = push(world.now)
    assert call(webhook, request(delivery)) == HTTPStatus.ACCEPTED
    assert world.merges == []
    world.now += 61
    assert call(webhook, request(delivery)) == HTTPStatus.ACCEPTED
    assert len(world.merges) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "sha256=" + "0" * 64},
        {"x-hub-signature-256": "sha1=" + "0" * 40},
        {"x-hub-signature-256": "s\xe9cret"},
    ],
)
def test_who_has_not_signed_learns_nothing(webhook: Webhook, world: World, headers: dict[str, str]) -> None:
    """Neither what is wrong nor what would be right; nothing is remembered of it."""
    event = request(push(world.now), headers=headers)
    verdict = webhook(WebhookRequest.model_validate(event))
    assert (verdict.status, verdict.message) == (HTTPStatus.UNAUTHORIZED, "")
    assert world.merges == []
    assert call(webhook, request(push(world.now))) == HTTPStatus.ACCEPTED
    assert len(world.merges) == 1


def test_a_request_without_any_signature_or_body_is_refused(webhook: Webhook) -> None:
    """As browsers and scanners send them."""
    assert call(webhook, {"headers": {}, "isBase64Encoded": False}) == HTTPStatus.UNAUTHORIZED


def test_headers_are_found_in_any_case(webhook: Webhook, world: World) -> None:
    """Function URLs write them in small letters; others might not."""
    event = request(push(world.now))
    event["headers"] = {name.title(): value for name, value in event["headers"].items()}
    assert call(webhook, event) == HTTPStatus.ACCEPTED
    assert world.merges


def test_a_body_that_says_it_is_base64_and_is_not_is_refused(webhook: Webhook, world: World) -> None:
    """Instead of failing."""
    event = {**request(push(world.now)), "isBase64Encoded": True}
    assert call(webhook, event) == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("is_base64", [False, True])
def test_what_is_too_large_is_refused_before_anything_else(webhook: Webhook, world: World, *, is_base64: bool) -> None:
    """Not even the secret is read for it; what is just small enough is looked at."""
    large = b"x" * (LARGEST_BODY + 1)
    content = base64.b64encode(large).decode() if is_base64 else large.decode()
    event = {"headers": {}, "body": content, "isBase64Encoded": is_base64}
    assert call(webhook, event) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert world.reads == 0
    assert call(webhook, request(b"x" * LARGEST_BODY, is_base64=is_base64)) == HTTPStatus.BAD_REQUEST


def test_the_secret_is_read_again_after_a_minute(webhook: Webhook, world: World) -> None:
    """So a new one is valid a minute after it was saved, and a flood of requests does not read it each time."""
    for _ in range(3):
        call(webhook, request(push(world.now)))
    assert world.reads == 1
    world.secret = "another-secret-of-ours-for-webhooks"
    world.now += 61
    assert call(webhook, request(push(world.now))) == HTTPStatus.UNAUTHORIZED
    assert call(webhook, request(push(world.now), secret=world.secret)) == HTTPStatus.ACCEPTED
    assert world.reads == 2
