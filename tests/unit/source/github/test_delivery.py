"""Which deliveries are GitHub's, and which of them count."""

import json
import traceback
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.errors import SourceError
from orchestrator.source.github.delivery import Expected, is_signed, judge, parse_secrets
from tests.github.deliveries import SECRET, push, signature

NOW = 1_700_000_000.0
DAY = 86_400
EXPECTED = Expected("acme/shop", 1296269, "main")
KEY = SECRET.encode()


def judged(payload: Any, event: str = "push", expected: Expected = EXPECTED) -> tuple[HTTPStatus, str]:
    """What comes of a payload: the status, and the commit."""
    verdict = judge(event, json.dumps(payload).encode(), expected, NOW)
    return verdict.status, verdict.commit


def test_githubs_own_example_is_accepted() -> None:
    """From its documentation on validating deliveries."""
    given_ = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert is_signed(b"Hello, World!", given_, [b"It's a Secret to Everybody"])


@given(body=st.binary(max_size=200), data=st.data())
def test_any_changed_byte_of_the_body_is_refused(body: bytes, data: st.DataObject) -> None:
    """Changed, added or left out."""
    changed = data.draw(st.binary(max_size=201))
    assume(changed != body)
    assert is_signed(body, signature(body), [KEY])
    assert not is_signed(changed, signature(body), [KEY])


@given(body=st.binary(min_size=1, max_size=200), at=st.integers(0), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_body_is_refused(body: bytes, at: int, bit: int) -> None:
    """The smallest change there is."""
    flipped = bytearray(body)
    flipped[at % len(body)] ^= 1 << bit
    assert not is_signed(bytes(flipped), signature(body), [KEY])


@given(body=st.binary(max_size=50), text=st.text(max_size=80))
def test_any_other_signature_is_refused(body: bytes, text: str) -> None:
    """Whatever a header can hold, also what cannot be encoded."""
    assume(text != signature(body))
    assert not is_signed(body, text, [KEY])


@given(body=st.binary(max_size=50), at=st.integers(7, 70), to=st.sampled_from("0123456789abcdefABCDEF "))
def test_any_changed_digit_of_the_signature_is_refused(body: bytes, at: int, to: str) -> None:
    """Capitals, too: GitHub writes none."""
    good = signature(body)
    changed = good[:at] + to + good[at + 1 :]
    assume(changed != good)
    assert not is_signed(body, changed, [KEY])


def test_two_secrets_are_valid_while_one_is_exchanged() -> None:
    """In either order, and no third."""
    secrets = parse_secrets('{"current": "the-new-secret-of-ours", "previous": "the-old-secret-of-ours"}').valid
    assert all(is_signed(b"x", signature(b"x", f"the-{one}-secret-of-ours"), secrets) for one in ("new", "old"))
    assert not is_signed(b"x", signature(b"x", "another-secret-of-ours"), secrets)
    assert not is_signed(b"x", signature(b"x", ""), secrets)


@pytest.mark.parametrize(
    "text",
    [
        "a-secret-not-in-json",
        '{"current": "too-short"}',
        '{"current": ""}',
        '{"previous": "a-secret-without-a-current-one"}',
        '{"current": "a-secret-with-something-else", "token": 1}',
    ],
)
def test_a_secret_that_is_not_valid_is_told_without_it(text: str) -> None:
    """An empty one above all: anybody could sign with it."""
    with pytest.raises(SourceError, match="webhook's secret is not valid") as caught:
        parse_secrets(text)
    told = "".join(traceback.format_exception(caught.value))
    assert "too-short" not in told
    assert "a-secret" not in told


def test_a_push_to_the_branch_is_a_merge() -> None:
    """Also one by force, and one that made the branch; commits may be as old as they like."""
    for changes in ({}, {"forced": True}, {"created": True, "before": "0" * 40}):
        assert judged(push(NOW, **changes)) == (HTTPStatus.ACCEPTED, "2" * 40)
    assert "by force" in judge("push", json.dumps(push(NOW, forced=True)).encode(), EXPECTED, NOW).message


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ref": "refs/heads/feature"}, HTTPStatus.ACCEPTED),
        ({"ref": "refs/heads/main2"}, HTTPStatus.ACCEPTED),
        ({"ref": "refs/tags/main"}, HTTPStatus.ACCEPTED),
        ({"deleted": True, "after": "0" * 40}, HTTPStatus.ACCEPTED),
        ({"repository": {"full_name": "acme/other"}}, HTTPStatus.FORBIDDEN),
        ({"repository": {"id": 1}}, HTTPStatus.FORBIDDEN),
        ({"repository": {"id": "1296269x"}}, HTTPStatus.FORBIDDEN),
        ({"repository": {"pushed_at": int(NOW) - 3 * DAY - 1}}, HTTPStatus.GONE),
        ({"repository": {"pushed_at": int(NOW) + 3601}}, HTTPStatus.GONE),
        ({"repository": {"pushed_at": None}}, HTTPStatus.BAD_REQUEST),
        ({"after": "HEAD"}, HTTPStatus.BAD_REQUEST),
        ({"ref": None}, HTTPStatus.BAD_REQUEST),
    ],
    ids=str,
)
def test_nothing_follows_from_anything_else(changes: dict[str, Any], status: HTTPStatus) -> None:
    """Other branches, tags, repositories and times, a branch that is gone, what is no push."""
    assert judged(push(NOW, **changes)) == (status, "")


def test_a_push_is_taken_for_as_long_as_github_delivers_it_again() -> None:
    """Three days, and where the clocks differ."""
    for seconds in (3 * DAY, 0, -3600):
        assert judged(push(NOW - seconds))[1] == "2" * 40


def test_without_a_number_the_name_counts_alone() -> None:
    """In whatever case."""
    by_name = Expected("Acme/Shop", None, "main")
    assert judged(push(NOW, repository={"id": 1}), expected=by_name)[1] == "2" * 40


def test_a_ping_is_answered() -> None:
    """GitHub sends it when the webhook is made; one of an organization or an App has no repository."""
    assert judged({"zen": "Keep it logically awesome.", "hook_id": 1}, "ping") == (HTTPStatus.OK, "")
    assert judged({"zen": "", "repository": {"id": 1, "full_name": "acme/other"}}, "ping")[0] == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("event", ["pull_request", "create", "", "PUSH"])
def test_other_events_are_taken_and_lead_to_nothing(event: str) -> None:
    """GitHub sends what the webhook is set up for."""
    assert judged(push(NOW), event) == (HTTPStatus.ACCEPTED, "")


@pytest.mark.parametrize("body", [b"payload=%7B%7D", b"", b"[]", b"\xff", b"null"])
def test_what_is_no_document_says_how_to_set_the_webhook_up(body: bytes) -> None:
    """GitHub's default is a form."""
    verdict = judge("push", body, EXPECTED, NOW)
    assert (verdict.status, verdict.commit) == (HTTPStatus.BAD_REQUEST, "")
    assert "application/json" in verdict.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(key=st.sampled_from(sorted(push(NOW))), value=JSON)
def test_no_payload_makes_it_fail(key: str, value: Any) -> None:
    """Whatever GitHub may change: a push with one thing exchanged is judged all the same."""
    verdict = judge("push", json.dumps({**push(NOW), key: value}).encode(), EXPECTED, NOW)
    assert not verdict.commit or key not in ("repository", "ref", "deleted") or value in (False, 0)


@pytest.mark.parametrize(
    ("pusher", "who"),
    [
        ({"name": "Codertocat", "email": "x@example.com"}, "github:Codertocat"),
        ({"name": "dependabot[bot]"}, "github:dependabot[bot]"),
        ({"name": "  "}, "github:?"),
        ({"name": None}, "github:?"),
        ({}, "github:?"),
        (None, "github:?"),
        ({"name": "a\nb\x1b\u202e"}, "github:a\\nb\\x1b\\u202e"),
        ({"name": "x" * 10_000}, f"github:{'x' * 100}"),
    ],
)
def test_who_pushed_is_told_whatever_it_looks_like(pusher: Any, who: str) -> None:
    """Who cannot be read is somebody unknown: a merge is neither dropped for it, nor nobody's."""
    verdict = judge("push", json.dumps(push(NOW, pusher=pusher)).encode(), EXPECTED, NOW)
    assert verdict.push is not None
    assert (verdict.push.pushed_by, verdict.push.before) == (who, "1" * 40)


@pytest.mark.parametrize("before", ["0" * 40, "main", ""])
def test_a_branch_that_was_made_was_nowhere_before(before: str) -> None:
    """GitHub writes zeros."""
    verdict = judge("push", json.dumps(push(NOW, before=before)).encode(), EXPECTED, NOW)
    assert verdict.push is not None
    assert verdict.push.before is None
