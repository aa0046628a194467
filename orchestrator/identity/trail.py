"""Who started an execution, as CloudTrail recorded it: minutes late, but beyond the starter's reach."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient

_BEFORE = timedelta(minutes=1)
_AFTER = timedelta(minutes=1)
_EVENT = {"eventSource": "states.amazonaws.com", "eventName": "StartExecution"}


@dataclass(frozen=True)
class Trail:
    """Looks starters of executions up.

    Args:
        cloudtrail: CloudTrail of the account and region that the executions are in.
    """

    cloudtrail: "CloudTrailClient"

    def starter(self, execution: str, started_at: datetime) -> str | None:
        """The ARN of who started an execution; None when CloudTrail does not know it, or not yet.

        Raises:
            RequestError: CloudTrail names several.
        """
        attributes: Any = [{"AttributeKey": "EventName", "AttributeValue": _EVENT["eventName"]}]
        pages = self.cloudtrail.get_paginator("lookup_events").paginate(
            LookupAttributes=attributes, StartTime=started_at - _BEFORE, EndTime=started_at + _AFTER
        )
        events = (json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"])
        found = {_arn(event) for event in events if has_started(event, execution)}
        if len(found) > 1:
            # Starting it again with the same name and input succeeds, and starts nothing.
            raise RequestError(
                f"CloudTrail names several who started {execution}: {', '.join(sorted(map(str, found)))}. Start "
                "another execution, under a name that nobody else uses."
            )
        return next(iter(found), None)


def has_started(event: dict[str, Any], execution: str) -> bool:
    """Whether an event says that an execution was started, there where it is; what failed started nothing.

    Args:
        event: as CloudTrail records it.
        execution: the execution's ARN.
    """
    _, _, _, region, account, *_ = [*execution.split(":"), "", "", "", "", ""]
    is_start = all(event.get(key) == value for key, value in _EVENT.items())
    is_there = (event.get("recipientAccountId"), event.get("awsRegion")) == (account, region)
    has_failed = bool(event.get("errorCode") or event.get("errorMessage"))
    answered = event.get("responseElements")
    return is_start and is_there and not has_failed and (answered or {}).get("executionArn") == execution


def _arn(event: dict[str, Any]) -> str | None:
    found = (event.get("userIdentity") or {}).get("arn")
    return str(found) if found else None
