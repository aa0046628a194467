"""What one build may do with a session: a pure rule."""

import json
from typing import Any

from orchestrator.ledger.partitions import FAILED_BUILDS, RELEASES
from orchestrator.publication.contract import Purpose

_LEADING = "dynamodb:LeadingKeys"


def session_policy(unit: str, purpose: Purpose, bucket: str, table: str) -> str:
    """The policy that a session is limited to, besides the role's own.

    Args:
        unit: whose releases.
        purpose: of the session.
        bucket: ARN of the tooling account's artifacts bucket.
        table: ARN of the ledger.
    """
    releases, logs = f"{bucket}/projects/{unit}/*", f"{bucket}/logs/{unit}/*"
    own = [one.key(unit) for one in (RELEASES, FAILED_BUILDS)]
    # A call that names no partition would fulfil the first condition alone.
    partition = {"ForAllValues:StringEquals": {_LEADING: own}, "Null": {_LEADING: "false"}}
    statements = [
        _allow("s3:GetObject", releases),
        # Without it, S3 says of what is missing that access to it is denied.
        _allow("s3:ListBucket", bucket),
        _allow("dynamodb:GetItem", table, partition),
    ]
    if purpose is Purpose.PUBLISH:
        statements += [
            _allow("s3:PutObject", releases, ONCE),
            _allow("s3:PutObject", logs),
            _allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], table, partition),
        ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


ONCE: dict[str, dict[str, str]] = {"Null": {"s3:if-none-match": "false"}}
"""Only with If-None-Match, so that what was published is never overwritten."""


def _allow(action: str | list[str], resource: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement
