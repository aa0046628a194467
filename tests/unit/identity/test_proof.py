"""Proof of identity: what STS signs for, and everything else that somebody may send instead."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import EndpointConnectionError
from mypy_boto3_sts import STSClient

from orchestrator.errors import RequestError
from orchestrator.identity.proof import HEADER, Verifier, hash_of, sign

DECISION = {"unit": "orders", "environment": "prod", "release": "0.1.0", "decision": "approve", "reason": "why"}
CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")
ARN = "arn:aws:sts::111111111111:assumed-role/release-manager/alice"


@dataclass
class Reply:
    """What STS answers."""

    status_code: int
    content: bytes


def sts_of_aws(request: AWSPreparedRequest) -> Reply:
    """Answers as STS does: with the signer's ARN when the signature fits what was sent, or not at all."""
    url = urlsplit(str(request.url))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    unsigned = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if name != "X-Amz-Signature")
    plain = AWSRequest("GET", f"{url.scheme}://{url.netloc}/?{unsigned}", headers={HEADER: request.headers[HEADER]})
    plain.context["timestamp"] = query["X-Amz-Date"]
    signer = SigV4QueryAuth(CREDENTIALS, "sts", "eu-west-1")
    expected = signer.signature(signer.string_to_sign(plain, signer.canonical_request(plain)), plain)
    if expected != query["X-Amz-Signature"]:
        return Reply(403, b"<ErrorResponse/>")
    body = f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{ARN}</Arn></GetCallerIdentityResult>"
    return Reply(200, f"{body}</GetCallerIdentityResponse>".encode())


@pytest.fixture
def sts() -> STSClient:
    """A client whose endpoint is the known one."""
    return boto3.client("sts", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def verify(sts: STSClient) -> Verifier:
    """Verifies as of now."""
    return Verifier(sts, sts_of_aws, lambda: datetime.now(UTC))


def test_a_proof_tells_who_signed(sts: STSClient, verify: Verifier) -> None:
    """And its fingerprint is the same each time, so that it counts once."""
    proof = sign(CREDENTIALS, sts, DECISION)
    proven = verify(proof, DECISION)
    assert proven.arn == ARN
    assert verify(proof, DECISION).fingerprint == proven.fingerprint
    assert verify(sign(CREDENTIALS, sts, {**DECISION, "reason": ""}), {**DECISION, "reason": ""}) != proven


@pytest.mark.parametrize("key", DECISION)
def test_it_is_bound_to_all_of_the_decision(sts: STSClient, verify: Verifier, key: str) -> None:
    """Whoever sees a proof cannot decide anything else with it."""
    with pytest.raises(RequestError, match="signed for another decision"):
        verify(sign(CREDENTIALS, sts, DECISION), {**DECISION, key: "other"})


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    """Equal decisions have equal hashes."""
    assert hash_of(DECISION) == hash_of(dict(reversed(DECISION.items())))


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("https://", "http://"),
        lambda url: url.replace("sts.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com.evil.example"),
        lambda url: url.replace("sts.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com@evil.example"),
        lambda url: url.replace("sts.eu-west-1.amazonaws.com", "169.254.169.254"),
        lambda url: url.replace("/?", "/latest/meta-data?"),
        lambda url: url.replace("GetCallerIdentity", "GetSessionToken"),
        lambda url: url.replace("Version=2011-06-15", "Version=2010-01-01"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=x"),
        lambda url: url.replace(f"host%3B{HEADER}", "host"),
        lambda url: url.replace("eu-west-1%2Fsts", "us-east-1%2Fsts"),
        lambda url: url + "&Action=GetCallerIdentity",
        lambda url: url + "&RoleArn=arn",
        lambda url: url + "#fragment",
        lambda url: url + "&x=" + "x" * 9_000,
        lambda url: url.split("&X-Amz-Signature")[0],
        lambda _: "https://sts.eu-west-1.amazonaws.com/",
        lambda _: "",
        lambda _: "not a url",
    ],
)
def test_whatever_else_is_sent_is_not_even_asked(sts: STSClient, change: Callable[[str], str]) -> None:
    """Nobody can make the verifier call anything but the known endpoint with the known request."""

    def never(_request: AWSPreparedRequest) -> Reply:
        raise AssertionError("it was asked")

    verify = Verifier(sts, never, lambda: datetime.now(UTC))
    with pytest.raises(RequestError, match="proof of identity"):
        verify(change(sign(CREDENTIALS, sts, DECISION)), DECISION)


@pytest.mark.parametrize("passed", [timedelta(seconds=91), timedelta(days=1), -timedelta(seconds=31)])
def test_it_is_good_for_a_minute(sts: STSClient, passed: timedelta) -> None:
    """Give or take what clocks differ by."""
    proof = sign(CREDENTIALS, sts, DECISION)
    date = parse_qs(urlsplit(proof).query)["X-Amz-Date"][0]
    signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    with pytest.raises(RequestError, match="older than 60 seconds"):
        Verifier(sts, sts_of_aws, lambda: signed_at + passed)(proof, DECISION)


def test_a_signature_that_does_not_fit_is_refused(sts: STSClient, verify: Verifier) -> None:
    """Made with other credentials, or made up."""
    with pytest.raises(RequestError, match="does not accept"):
        verify(sign(Credentials("AKIDEXAMPLE", "other", "token"), sts, DECISION), DECISION)
    url = sign(CREDENTIALS, sts, DECISION)
    with pytest.raises(RequestError, match="does not accept"):
        verify(f"{url.rsplit('=', 1)[0]}={'0' * 64}", DECISION)


def test_an_answer_without_a_name_proves_nothing(sts: STSClient) -> None:
    """Whoever gave it."""
    empty = b"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
    verify = Verifier(sts, lambda _: Reply(200, empty), lambda: datetime.now(UTC))
    with pytest.raises(RequestError, match="did not say who"):
        verify(sign(CREDENTIALS, sts, DECISION), DECISION)


def test_an_endpoint_that_cannot_be_reached_is_named(sts: STSClient) -> None:
    """The decision can be made again."""

    def unreachable(request: AWSPreparedRequest) -> Reply:
        raise EndpointConnectionError(endpoint_url=str(request.url))

    with pytest.raises(RequestError, match="could not be verified"):
        Verifier(sts, unreachable, lambda: datetime.now(UTC))(sign(CREDENTIALS, sts, DECISION), DECISION)
