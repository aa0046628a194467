"""What CloudFormation says of a change set, read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.change_set import Readiness, parse_change_set


def described(status: str = "CREATE_COMPLETE", **more: Any) -> dict[str, Any]:
    """A page of DescribeChangeSet's answer."""
    return {"ChangeSetId": "arn", "Status": status, **more}


@pytest.mark.parametrize(
    ("page", "readiness"),
    [
        (described("CREATE_PENDING"), Readiness.PENDING),
        (described("CREATE_IN_PROGRESS"), Readiness.PENDING),
        (described(), Readiness.READY),
        (described(ExecutionStatus="EXECUTE_IN_PROGRESS"), Readiness.EXECUTING),
        (described(ExecutionStatus="EXECUTE_COMPLETE"), Readiness.EXECUTED),
        (described(ExecutionStatus="EXECUTE_FAILED"), Readiness.FAILED),
        (described(ExecutionStatus="OBSOLETE"), Readiness.OBSOLETE),
        (described(ExecutionStatus="UNAVAILABLE"), Readiness.OBSOLETE),
        (described("FAILED", StatusReason="The submitted information didn't contain changes."), Readiness.EMPTY),
        (described("FAILED", StatusReason="No updates are to be performed."), Readiness.EMPTY),
        (described("FAILED", StatusReason="Template error"), Readiness.REFUSED),
    ],
)
def test_every_status_means_one_thing(page: dict[str, Any], readiness: Readiness) -> None:
    """Two of CloudFormation's failures are none."""
    assert parse_change_set([page]).readiness is readiness


def change(name: str, **more: Any) -> dict[str, Any]:
    """One change of a page."""
    return {
        "ResourceChange": {"Action": "Modify", "LogicalResourceId": name, "ResourceType": "AWS::S3::Bucket", **more}
    }


@given(st.lists(st.lists(st.text(min_size=1, max_size=5), max_size=4), min_size=1, max_size=4))
def test_the_changes_of_all_pages_are_there_in_order(pages: list[list[str]]) -> None:
    """A large change set comes in parts."""
    parsed = parse_change_set([described(Changes=[change(name) for name in names]) for names in pages])
    assert [one.logical_id for one in parsed.changes] == [name for names in pages for name in names]


def test_properties_are_shown_before_and_after_and_once() -> None:
    """CloudFormation names a detail twice: once as evaluated now, once as evaluated later."""
    detail = {"Target": {"Path": "/Properties/Tags/0", "Name": "Tags", "BeforeValue": "a", "AfterValue": "b"}}
    without_path = {"Target": {"Attribute": "Metadata"}}
    page = described(Changes=[change("Bucket", Replacement="True", Details=[detail, detail, without_path])])
    (found,) = parse_change_set([page]).changes
    assert found.replacement
    assert [(one.property, one.before, one.after) for one in found.properties] == [
        ("Tags/0", "a", "b"),
        ("Metadata", None, None),
    ]
