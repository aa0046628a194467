"""What is made of events, whoever put them."""

from typing import Any

import pytest

from orchestrator.errors import RequestError
from orchestrator.steps.merge_event import BranchDeletedError, parse_event

NEW, OLD = "4c925148EXAMPLE" * 2, "0nEXAMPLE" * 4


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
        "callerUserArn": "arn:aws:sts::123456789012:assumed-role/Developer/Mary",
    }
    return {
        "version": "0",
        "id": "01234567-EXAMPLE",
        "detail-type": "CodeCommit Repository State Change",
        "source": "aws.codecommit",
        "account": "123456789012",
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
