"""The merge event: what tells the orchestrator, from wherever, that a branch moved."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "orchestrator"
DETAIL_TYPE = "Merge"


class MergeNotToldError(OrchestratorError):
    """EventBridge did not take a merge event: nobody knows of the merge yet."""


def put_merge(events: "EventBridgeClient", branch: str, commit: str) -> None:
    """Put the event on the account's default bus.

    Args:
        events: EventBridge of the tooling account.
        branch: the branch that moved.
        commit: the full id of the commit it moved to.

    Raises:
        MergeNotToldError: EventBridge did not take it.
    """
    detail = json.dumps({"branch": branch, "commit": commit})
    try:
        answer = events.put_events(Entries=[{"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail}])
    except (ClientError, BotoCoreError) as error:
        raise MergeNotToldError(f"EventBridge did not take the merge event: {error}") from error
    if answer["FailedEntryCount"]:
        raise MergeNotToldError(f"EventBridge did not take the merge event: {answer['Entries'][0]}")
