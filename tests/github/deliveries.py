"""Deliveries as GitHub sends them, and as a function URL hands them over."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

SECRET = "a-secret-of-forty-characters-for-webhooks"
DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def push(now: float, **changes: Any) -> dict[str, Any]:
    """A push to main, shortened where nothing is read; `repository` is changed key by key."""
    repository = {
        "id": 1296269,
        "full_name": "acme/shop",
        "name": "shop",
        "private": True,
        "pushed_at": int(now),
        "default_branch": "main",
        **changes.pop("repository", {}),
    }
    payload = {
        "ref": "refs/heads/main",
        "before": "1" * 40,
        "after": "2" * 40,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"https://github.com/acme/shop/compare/{'1' * 12}...{'2' * 12}",
        "commits": [{"id": "2" * 40, "message": "Größe ändern ✓", "timestamp": "2019-05-15T15:20:33Z"}],
        "head_commit": {"id": "2" * 40, "timestamp": "2019-05-15T15:20:33Z"},
        "repository": repository,
        "pusher": {"name": "octocat", "email": "octocat@example.com"},
        "sender": {"login": "octocat", "id": 583231},
    }
    return {**payload, **changes}


def signature(body: bytes, secret: str = SECRET) -> str:
    """What GitHub sends as `X-Hub-Signature-256`."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def request(
    payload: Any,
    *,
    event: str = "push",
    secret: str = SECRET,
    is_base64: bool = False,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A function URL's event (format 2.0) with a delivery; `payload` may be the raw bytes."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {**github_headers(body, event, secret), "x-forwarded-proto": "https", **(headers or {})},
        "requestContext": {"http": {"method": "POST", "path": "/", "sourceIp": "140.82.115.1"}, "stage": "$default"},
        "body": base64.b64encode(body).decode() if is_base64 else body.decode(),
        "isBase64Encoded": is_base64,
    }


def github_headers(body: bytes, event: str = "push", secret: str = SECRET) -> dict[str, str]:
    """The headers of a delivery."""
    return {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd",
        "x-github-delivery": DELIVERY,
        "x-github-event": event,
        "x-github-hook-id": "292430182",
        "x-hub-signature-256": signature(body, secret),
    }
