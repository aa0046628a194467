"""Attacks with presigned proofs that two readers read differently: what is checked, and what is sent."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from mypy_boto3_sts import STSClient

from orchestrator.errors import RequestError
from orchestrator.identity.proof import HEADER, Verifier, sign

DECISION = {"unit": "orders", "decision": "approve", "plan": "0a1b2c3d4e5f"}
STS: STSClient = boto3.client("sts", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
ENDPOINT = "https://sts.eu-west-1.amazonaws.com"
PROOF = sign(Credentials("AKIDEXAMPLE", "secret", "to/k+en=="), STS, DECISION)
SIGNED_AT = re.search(r"X-Amz-Date=(\w+)", PROOF)
assert SIGNED_AT
NOW = datetime.strptime(SIGNED_AT[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


class Recorder:
    """Takes STS's place: notes what it is sent, and answers as if the signature were right."""

    status_code = 200
    content = (
        b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/a</Arn>"
        b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )

    def __init__(self) -> None:
        self.sent: list[AWSPreparedRequest] = []

    def __call__(self, request: AWSPreparedRequest) -> "Recorder":
        """Answer."""
        self.sent.append(request)
        return self


def sent_for(proof: str) -> list[AWSPreparedRequest]:
    """What is sent to verify a proof, nothing where it is refused."""
    recorder = Recorder()
    with suppress(RequestError):
        Verifier(STS, recorder, lambda: NOW)(proof, DECISION)
    return recorder.sent


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=%2B60"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=+60"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=060"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=-60"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=6_0"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=0"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=%D9%A6%D9%A0"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=\u0666\u0660"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=60%0A"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=60 "),
        lambda url: url.replace("X-Amz-Expires", "X-Amz-%45xpires"),
        lambda url: url.replace("X-Amz-Expires", "x-amz-expires"),
        lambda url: url.replace("GetCallerIdentity", "%47etCallerIdentity"),
        lambda url: url.replace("GetCallerIdentity", "GetCallerIdentity%00"),
        lambda url: url.replace("%2F", "/"),
        lambda url: url.replace("%2F", "%2f"),
        lambda url: url.replace("%3B", ";"),
        lambda url: url.replace("&", ";"),
        lambda url: url.replace("&", "&&", 1),
        lambda url: url.replace("/?", "?"),
        lambda url: url.replace("/?", "//?"),
        lambda url: url.replace("/?", "/?/?"),
        lambda url: url.replace("/?", "/%3F"),
        lambda url: url.replace("https://", "HTTPS://"),
        lambda url: url.replace("https://sts", "https://user@sts"),
        lambda url: url.replace("https://sts", "https://user:pw@sts"),
        lambda url: url.replace(".com/", ".com:443/"),
        lambda url: url.replace(".com/", ".com:8443/"),
        lambda url: url.replace(".com/", ".com./"),
        lambda url: url.replace("https://", "https:\n//"),
        lambda url: url.replace("amazonaws", "amazon\taws"),
        lambda url: url + "\n",
        lambda url: url + "\r\nHost: evil.example",
        lambda url: url + "#",
        lambda url: url + "&Action=GetCallerIdentity",
        lambda url: url + "&X-Amz-Signature=" + "0" * 64,
        lambda url: url + "&",
        lambda url: " " + url,
        lambda url: re.sub("X-Amz-Signature=[0-9a-f]{64}", "X-Amz-Signature=" + "\u0660" * 64, url),
        lambda url: re.sub("X-Amz-Date=[0-9]{8}", "X-Amz-Date=20200101", url),
    ],
)
def test_what_may_be_read_in_two_ways_is_not_sent(change: Callable[[str], str]) -> None:
    """Duplicates, other encodings, numbers that are written otherwise, other hosts and ports."""
    changed = change(PROOF)
    assert changed != PROOF
    assert sent_for(changed) == []


def parsed(url: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    """A URL as the standard library reads it."""
    parts = urlsplit(url)
    assert not parts.fragment
    return parts.scheme, parts.netloc, parts.path, sorted(parse_qsl(parts.query, keep_blank_values=True))


@given(st.randoms(use_true_random=False))
def test_what_is_sent_is_made_of_what_was_checked(random: object) -> None:
    """In whatever order its parts came: one request, to the known endpoint, with just those parts."""
    pairs = PROOF.partition("?")[2].split("&")
    random.shuffle(pairs)  # type: ignore[attr-defined]  # Hypothesis does not say what it draws.
    (request,) = sent_for(f"{ENDPOINT}/?{'&'.join(pairs)}")
    assert parsed(str(request.url)) == parsed(PROOF)
    assert (request.method, request.body) == ("GET", None)
    assert HEADER in request.headers


_PIECES = st.sampled_from([*PROOF.replace("&", "\0&\0").replace("?", "\0?\0").replace("=", "\0=\0").split("\0")])
_OTHER = st.sampled_from(
    ["%26", "%3D", "&", "=", "#", "@", "\n", "+", "%00", "\u0666", "X-Amz-Expires", "600", "Action"]
)


@given(st.lists(st.tuples(st.integers(0, 60), _PIECES | _OTHER, st.booleans()), max_size=4))
def test_a_proof_that_was_tampered_with_is_sent_as_what_it_was_or_not_at_all(
    edits: list[tuple[int, str, bool]],
) -> None:
    """However its pieces are put together: all that ever reaches STS is that one question, valid for a minute."""
    pieces = PROOF.replace("&", "\0&\0").replace("?", "\0?\0").replace("=", "\0=\0").split("\0")
    for place, piece, insert in edits:
        pieces[place : place if insert else place + 1] = [piece]
    proof = "".join(pieces)
    for request in sent_for(proof):
        scheme, host, path, query = parsed(str(request.url))
        assert (scheme, host, path) == ("https", "sts.eu-west-1.amazonaws.com", "/")
        assert len(query) == len(dict(query))
        assert dict(query)["Action"] == "GetCallerIdentity"
        assert 1 <= int(dict(query)["X-Amz-Expires"]) <= 60
        assert query == sorted(parse_qsl(urlsplit(proof).query, keep_blank_values=True))
