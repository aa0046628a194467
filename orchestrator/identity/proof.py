"""Proof of identity: a request to STS that only its signer could have signed, for one decision and one minute.

The signer signs `GetCallerIdentity` without sending it, with the hash of the decision in a signed header. Who is given
the proof sends it, to the STS endpoint it knows and no other, with the hash it worked out itself: STS answers with the
signer's ARN only when the signature fits both. AWS's own authenticators for Kubernetes and Vault work that way.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote

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
# What the query consists of, and what each part of it must look like; nothing else is sent.
_QUERY = {
    "Action": "GetCallerIdentity",
    "Version": "2011-06-15",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "[A-Za-z0-9_]{1,128}/[0-9]{8}/[a-z0-9-]{1,32}/sts/aws4_request",
    "X-Amz-Date": "[0-9]{8}T[0-9]{6}Z",
    "X-Amz-Expires": "[1-9][0-9]?",
    "X-Amz-SignedHeaders": f"host;{HEADER}",
    "X-Amz-Security-Token": "[A-Za-z0-9+/=_.:-]{1,4096}",
    "X-Amz-Signature": "[0-9a-f]{64}",
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
    asked = "&".join(f"{name}={_QUERY[name]}" for name in ("Action", "Version"))
    request = AWSRequest("GET", f"{_endpoint(sts)}/?{asked}", headers={HEADER: hash_of(decision)})
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
        query = self._check(proof)
        request = AWSRequest("GET", self._url(query), headers={HEADER: hash_of(decision)}).prepare()
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
        return Proven(str(arn), hashlib.sha256(query["X-Amz-Signature"].encode()).hexdigest())

    def _url(self, query: Mapping[str, str]) -> str:
        """What is sent: made of what was validated, so that no other reading of the proof can lead anywhere else."""
        return f"{_endpoint(self.sts)}/?{'&'.join(f'{name}={_encoded(value)}' for name, value in query.items())}"

    def _check(self, proof: str) -> Mapping[str, str]:
        """Refuse what is not exactly a presigned `GetCallerIdentity` for the known endpoint; returns its query."""
        endpoint, _, text = proof.partition("/?") if len(proof) <= _LONGEST else ("", "", "")
        if endpoint != _endpoint(self.sts):
            raise RequestError(f"The proof of identity must be a request to {_endpoint(self.sts)}.")
        pairs = [pair.partition("=")[::2] for pair in text.split("&")]
        query = {name: unquote(value) for name, value in pairs}
        sound = (
            len(query) == len(pairs)
            and _QUERY.keys() - _OPTIONAL <= query.keys() <= _QUERY.keys()
            and all(re.fullmatch(_QUERY[name], value) for name, value in query.items())
            and all(_encoded(query[name]) == value for name, value in pairs)
            and query["X-Amz-Credential"].split("/")[1:3] == [query["X-Amz-Date"][:8], self.sts.meta.region_name]
        )
        if not sound:
            raise RequestError(f"The proof of identity is not a presigned GetCallerIdentity that signs {HEADER}.")
        self._check_age(query["X-Amz-Date"], query["X-Amz-Expires"])
        return {name: query[name] for name in _QUERY if name in query}

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


def _encoded(value: str) -> str:
    """A value as the signature has it: the only encoding that is accepted."""
    return quote(value, safe="-_.~")
