"""Somebody who knows the webhook's secret sends bodies that no push looks like, or anybody sends garbage."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from moto import mock_aws

from tests.github.deliveries import SECRET, github_headers, push, request
from tests.ledger_table import make_ledger_table
from tests.moto_lambdas import Lambdas

Handler = Callable[[Any, object], dict[str, Any]]

_KEYS = st.sampled_from(["ref", "after", "deleted", "forced", "repository", "id", "full_name", "pushed_at", "x"])
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**400)
    | st.floats()
    | st.sampled_from(["refs/heads/main", "acme/shop", "ACME/shop", "2" * 40, "1296269", "\ud800", "\x00"])
    | st.text(max_size=8)
)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=30
)
_EVENTS = st.sampled_from(["push", "ping", "pull_request", "", "\ud800"])


@pytest.fixture(scope="module")
def handler() -> Iterator[Handler]:
    """The real handler, with a ledger, a secret and a bus."""
    own = {
        "LEDGER_TABLE": "ledger",
        "WEBHOOK_SECRET": "webhook",
        "REPOSITORY_URL": "github://github.com/acme/shop",
        "REPOSITORY_ID": "1296269",
        "BRANCH": "main",
    }
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        for name, value in own.items():
            environment.setenv(f"ORCHESTRATOR_{name}", value)
        session = boto3.Session()
        make_ledger_table(session)
        session.client("secretsmanager").create_secret(Name="webhook", SecretString=json.dumps({"current": SECRET}))
        yield Lambdas().handler("webhook")


def _status(handler: Handler, body: bytes, event: str = "push") -> int:
    """Deliver a body that is signed correctly."""
    delivery = request(b"", event=event)
    delivery["headers"] = github_headers(body, event)
    delivery |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return int(handler(delivery, None)["statusCode"])


@given(_JSON, _EVENTS)
@example({**push(0), "repository": {"id": 1296269, "full_name": "acme/shop", "pushed_at": 10**400}}, "push")
@example({**push(0), "repository": {"id": 1296269, "full_name": "acme/shop", "pushed_at": float("nan")}}, "push")
def test_any_json_with_a_right_signature(handler: Handler, document: Any, event: str) -> None:
    """It is answered, and never with an error of the server."""
    assert _status(handler, json.dumps(document).encode(), event) < 500


@given(st.binary(max_size=60), st.sampled_from(["", "utf-16", "utf-32-be", "latin-1"]))
def test_any_bytes_with_a_right_signature(handler: Handler, body: bytes, encoding: str) -> None:
    """Nothing but JSON is a push."""
    coded = '{"ö": "ß"}'.encode(encoding) + body if encoding else body
    assert 400 <= _status(handler, coded) < 500


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"repository":' + b"[" * 500_000,
        b"1" * 1_000_000,
        b'{"ref": "' + b"x" * 3_000_000 + b'"}',
        b"",
        b"\xff\xfe\xfd",
        b'{"after": "\xff"}',
    ],
    ids=["deep list", "deep object", "unfinished", "digits", "long", "empty", "not UTF-8", "not UTF-8 within"],
)
def test_bodies_that_are_meant_to_break_a_parser(handler: Handler, body: bytes) -> None:
    """They are refused as what they are: no push."""
    assert 400 <= _status(handler, body) < 500


@given(body=st.text(max_size=40), signature=st.text(max_size=20) | st.just("\ud800"), is_base64=st.booleans())
def test_any_text_that_nobody_signed(handler: Handler, body: str, signature: str, *, is_base64: bool) -> None:
    """Garbage in base64, or in the headers: nobody learns anything by it."""
    headers = {"x-hub-signature-256": signature, "x-github-event": "push"}
    delivery = {"headers": headers, "body": body, "isBase64Encoded": is_base64}
    answer = handler(delivery, None)
    assert answer == handler({"headers": {}}, None)
    assert answer["statusCode"] == 401


@given(_JSON)
def test_any_event_of_the_function_url(handler: Handler, event: Any) -> None:
    """Also one that is not what AWS sends."""
    assert 400 <= handler(event, None)["statusCode"] < 500
    assert 400 <= handler({"headers": event, "body": event, "isBase64Encoded": event}, None)["statusCode"] < 500


def test_a_delivery_number_that_no_table_takes(handler: Handler) -> None:
    """It is not signed, so anybody who sees a delivery may change it."""
    delivery = request(push(time.time()), headers={"x-github-delivery": "\ud800" * 80})
    assert handler(delivery, None)["statusCode"] == 202
