"""Events that tell the orchestrator, from wherever, that a branch moved."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from orchestrator.source.pushes.push import Push

SOURCE = "orchestrator"
DETAIL_TYPE = "Merge"
"""A branch moved. People and CI may put it, so it says nothing of who moved the branch."""
PUSH_DETAIL_TYPE = "Push"
"""The same, with the person who pushed. The webhook alone may put it."""


class MergeNotToldError(OrchestratorError):
    """EventBridge did not take a merge event: nobody knows of the merge yet."""


def put_merge(events: "EventBridgeClient", branch: str, commit: str) -> None:
    """Put the event of a merge on the account's default bus.

    Args:
        events: EventBridge of the tooling account.
        branch: the branch that moved.
        commit: the full id of the commit it moved to.

    Raises:
        MergeNotToldError: EventBridge did not take it.
    """
    _put(events, DETAIL_TYPE, {"branch": branch, "commit": commit})


def put_push(events: "EventBridgeClient", branch: str, commit: str, push: "Push") -> None:
    """Put the event of a push on the account's default bus.

    Args:
        events: EventBridge of the tooling account.
        branch: the branch that moved.
        commit: the full id of the commit it moved to.
        push: who moved it, as the host proves it.

    Raises:
        MergeNotToldError: EventBridge did not take it.
    """
    detail = {"branch": branch, "commit": commit, **push.model_dump(mode="json", exclude_none=True)}
    _put(events, PUSH_DETAIL_TYPE, detail)


def _put(events: "EventBridgeClient", kind: str, detail: dict[str, Any]) -> None:
    text = json.dumps(detail)
    try:
        answer = events.put_events(Entries=[{"Source": SOURCE, "DetailType": kind, "Detail": text}])
    except (ClientError, BotoCoreError) as error:
        raise MergeNotToldError(f"EventBridge did not take the merge event: {error}") from error
    if answer["FailedEntryCount"]:
        raise MergeNotToldError(f"EventBridge did not take the merge event: {answer['Entries'][0]}")
