"""What is made of events, whoever put them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.errors import RequestError
from orchestrator.source.pushes.push import Push
from orchestrator.steps.merge_event import BranchDeletedError, parse_event

NEW, OLD = "4c925148" * 5, "0a" * 20
WHO = "arn:aws:sts::123456789012:assumed-role/Developer/Mary"
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def codecommit(event: str, **changes: Any) -> dict[str, Any]:
    """An event as CodeCommit puts it."""
    detail = {
        "event": event,
        "repositoryName": "shop",
        "repositoryId": "12345678-1234-5678-abcd-12345678abcd",
        "referenceType": "branch",
        "referenceName": "main",
        "referenceFullName": "refs/heads/main",
        "commitId": NEW,
        "callerUserArn": WHO,
    }
    return {
        "version": "0",
        "id": "01234567-EXAMPLE",
        "detail-type": "CodeCommit Repository State Change",
        "source": "aws.codecommit",
        "account": "123456789012",
        "time": "2026-01-01T12:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:codecommit:eu-west-1:123456789012:shop"],
        "detail": {**detail, **changes},
    }


@pytest.mark.parametrize(
    "event",
    [
        codecommit("referenceCreated"),
        codecommit("referenceUpdated", oldCommitId=OLD),
        # A forced push: its old commit is no ancestor of the new one.
        codecommit("referenceUpdated", oldCommitId=OLD, baseCommitId=OLD, mergeOption="FAST_FORWARD_MERGE"),
    ],
)
def test_a_branch_that_was_made_or_moved_in_codecommit_is_a_merge(event: dict[str, Any]) -> None:
    """Whatever it was before."""
    detail = parse_event(event).detail
    assert (detail.branch, detail.commit) == ("main", NEW)


def test_a_branch_that_was_deleted_is_told_as_what_it_is() -> None:
    """With what to do."""
    with pytest.raises(BranchDeletedError, match=r"'main' of shop was deleted.*nothing is promoted.*[Pp]ush"):
        parse_event(codecommit("referenceDeleted", oldCommitId=OLD))


@pytest.mark.parametrize(
    "event",
    [
        codecommit("referenceCreated", referenceType="tag"),
        codecommit("pullRequestCreated"),
        {"source": "aws.codecommit"},
    ],
)
def test_other_events_of_codecommit_are_refused(event: dict[str, Any]) -> None:
    """The rule lets none through."""
    with pytest.raises(RequestError, match="not a merge event"):
        parse_event(event)


def pushed(**detail: Any) -> dict[str, Any]:
    """An event as the webhook puts it."""
    usual = {
        "branch": "main",
        "commit": NEW,
        "before": OLD,
        "pushed_by": "github:ada",
        "at": "2026-01-01T13:00:00+01:00",
    }
    time = "2026-01-03T00:00:00Z"
    return {"source": "orchestrator", "detail-type": "Push", "time": time, "detail": {**usual, **detail}}


def test_codecommit_tells_who_pushed() -> None:
    """By the principal, which needs no mapping; a branch that was made was nowhere before."""
    updated = parse_event(codecommit("referenceUpdated", oldCommitId=OLD)).push
    assert updated == Push(before=OLD, pushed_by=WHO, at=AT)
    assert parse_event(codecommit("referenceCreated")).push == Push(pushed_by=WHO, at=AT)
    assert parse_event(codecommit("referenceUpdated", callerUserArn="")).push is None
    odd = parse_event(codecommit("referenceUpdated", oldCommitId="main", callerUserArn="\x1b[2J" * 500)).push
    assert odd is not None
    assert odd.before is None
    assert odd.pushed_by.isprintable()


def test_the_webhook_tells_who_pushed() -> None:
    """With the time that GitHub told, however late the delivery was."""
    event = parse_event(pushed())
    assert (event.detail.branch, event.detail.commit) == ("main", NEW)
    assert event.push == Push(before=OLD, pushed_by="github:ada", at=AT)
    without = {key: value for key, value in pushed()["detail"].items() if key not in ("before", "at")}
    assert parse_event({**pushed(), "detail": without}).push == Push(pushed_by="github:ada")


@pytest.mark.parametrize(
    "wrong",
    [
        {"pushed_by": "x" * 10_000},
        {"pushed_by": "\x1b[31mBen"},
        {"pushed_by": "Ben\n"},
        {"pushed_by": ""},
        {"pushed_by": None},
        {"pushed_by": ["github:ben"]},
        {"before": "main"},
        {"before": "$(reboot)"},
        {"commit": "refs/heads/main"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"at": "2026-01-01T00:00:00"},
        {"at": "yesterday"},
        {"more": "x"},
    ],
)
def test_a_push_that_is_not_one_is_refused(wrong: dict[str, Any]) -> None:
    """With the key that is wrong."""
    (key,) = wrong
    with pytest.raises(RequestError, match=f"not a merge event: .*{key}"):
        parse_event(pushed(**wrong))


@pytest.mark.parametrize("envelope", [{"detail-type": "Merge"}, {"source": "somebody"}, {"detail-type": ["Push"]}])
def test_nobody_else_may_say_who_pushed(envelope: dict[str, Any]) -> None:
    """People may put events of merges: what those say of a person is refused, instead of left out."""
    with pytest.raises(RequestError, match="pushed_by"):
        parse_event({**pushed(), **envelope})
    merged = {**pushed(), **envelope, "detail": {"branch": "main", "commit": NEW}, "push": {"pushed_by": "github:ben"}}
    assert parse_event(merged).push is None
