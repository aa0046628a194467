"""Proof of identity: a request to STS that only its signer could have signed, for one decision and one minute.

The signer signs `GetCallerIdentity` without sending it, with the hash of the decision in a signed header. Who is given
the proof sends it, to the STS endpoint it knows and no other, with the hash it worked out itself: STS answers with the
signer's ARN only when the signature fits both. AWS's own authenticators for Kubernetes and Vault work that way.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.parsers import create_parser

from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_sts import STSClient

HEADER = "x-orchestrator-decision"
SECONDS = 60
# Clocks of two machines may differ by this much.
_SKEW = timedelta(seconds=30)
_QUERY = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
_REQUIRED = {
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
}
_OPTIONAL = {"X-Amz-Security-Token"}
_LONGEST = 8_192


class Answer(Protocol):
    """What a sender returns; botocore's response is one."""

    @property
    def status_code(self) -> int:
        """HTTP's status."""

    @property
    def content(self) -> bytes | None:
        """The body."""


@dataclass(frozen=True)
class Proven:
    """Who signed, and what identifies the proof, so that it counts once."""

    arn: str
    fingerprint: str


def hash_of(decision: dict[str, Any]) -> str:
    """SHA-256 over a decision: what its proof is bound to."""
    return hashlib.sha256(json.dumps(decision, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sign(credentials: "Credentials", sts: "STSClient", decision: dict[str, Any]) -> str:
    """Make a proof for a decision: a URL that is good for a minute, and for nothing but to ask who signed it."""
    query = "&".join(f"{name}={value}" for name, value in _QUERY.items())
    request = AWSRequest("GET", f"{_endpoint(sts)}/?{query}", headers={HEADER: hash_of(decision)})
    frozen = credentials.get_frozen_credentials()
    SigV4QueryAuth(frozen, "sts", sts.meta.region_name, expires=SECONDS).add_auth(request)
    return str(request.url)


@dataclass(frozen=True)
class Verifier:
    """Finds out who signed a proof.

    Args:
        sts: whose endpoint and region are the only ones that are asked.
        send: sends a prepared request, without following redirects.
        clock: tells the time, in UTC.
    """

    sts: "STSClient"
    send: Callable[[AWSPreparedRequest], Answer]
    clock: Callable[[], datetime]

    def __call__(self, proof: str, decision: dict[str, Any]) -> Proven:
        """Verify a proof for a decision.

        Raises:
            RequestError: it is not a proof, not for this decision, not for this endpoint, or too old.
        """
        signature = self._check(proof)
        request = AWSRequest("GET", proof, headers={HEADER: hash_of(decision)}).prepare()
        try:
            answer = self.send(request)
        except BotoCoreError as error:
            raise RequestError(f"The proof of identity could not be verified: {error} Decide again.") from error
        if answer.status_code != 200:  # noqa: PLR2004  # HTTP's own number.
            raise RequestError(
                "STS does not accept the proof of identity: it was signed for another decision, or with credentials "
                "that are not valid any more. Decide again."
            )
        shape: Any = self.sts.meta.service_model.operation_model("GetCallerIdentity").output_shape
        document = {"body": answer.content or b"", "headers": {}, "status_code": 200}
        arn = create_parser("query").parse(document, shape).get("Arn")
        if not arn:
            raise RequestError("STS did not say who signed the proof of identity. Decide again.")
        return Proven(str(arn), hashlib.sha256(signature.encode()).hexdigest())

    def _check(self, proof: str) -> str:
        """Refuse what is not exactly a presigned `GetCallerIdentity` for the known endpoint; returns the signature."""
        parts = urlsplit(proof) if len(proof) <= _LONGEST else None
        if parts is None or f"{parts.scheme}://{parts.netloc}" != _endpoint(self.sts) or parts.path not in ("", "/"):
            raise RequestError(f"The proof of identity must be a request to {_endpoint(self.sts)}.")
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = dict(pairs)
        expected = _REQUIRED | _QUERY.keys()
        sound = (
            len(query) == len(pairs)
            and not parts.fragment
            and expected <= query.keys() <= expected | _OPTIONAL
            and all(query[name] == value for name, value in _QUERY.items())
            and query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
            and query["X-Amz-Credential"].endswith(f"/{self.sts.meta.region_name}/sts/aws4_request")
            and query["X-Amz-SignedHeaders"] == f"host;{HEADER}"
            and re.fullmatch("[0-9a-f]{64}", query["X-Amz-Signature"])
        )
        if not sound:
            raise RequestError(f"The proof of identity is not a presigned GetCallerIdentity that signs {HEADER}.")
        self._check_age(query["X-Amz-Date"], query["X-Amz-Expires"])
        return query["X-Amz-Signature"]

    def _check_age(self, date: str, expires: str) -> None:
        try:
            signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            valid = timedelta(seconds=int(expires)) <= timedelta(seconds=SECONDS)
        except ValueError:
            valid = False
        now = self.clock()
        if not valid or not signed_at - _SKEW <= now <= signed_at + timedelta(seconds=SECONDS) + _SKEW:
            raise RequestError(f"The proof of identity is older than {SECONDS} seconds, or not from now. Decide again.")


def _endpoint(sts: "STSClient") -> str:
    return sts.meta.endpoint_url.rstrip("/")
