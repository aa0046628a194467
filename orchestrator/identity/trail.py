"""Who started an execution, as CloudTrail recorded it: minutes late, but beyond the starter's reach."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient

_BEFORE = timedelta(minutes=1)
_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Trail:
    """Looks starters of executions up.

    Args:
        cloudtrail: CloudTrail of the account that the executions are in.
    """

    cloudtrail: "CloudTrailClient"

    def starter(self, execution: str, started_at: datetime) -> str | None:
        """The ARN of who started an execution; None when CloudTrail does not know it, or not yet."""
        attributes: Any = [{"AttributeKey": "EventName", "AttributeValue": "StartExecution"}]
        pages = self.cloudtrail.get_paginator("lookup_events").paginate(
            LookupAttributes=attributes, StartTime=started_at - _BEFORE, EndTime=started_at + _AFTER
        )
        events = (json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"])
        return next((_arn(event) for event in events if _started(event) == execution), None)


def _started(event: dict[str, Any]) -> str | None:
    """The execution that a StartExecution event tells of."""
    answered = (event.get("responseElements") or {}).get("executionArn")
    if answered:
        return str(answered)
    asked = event.get("requestParameters") or {}
    machine, name = asked.get("stateMachineArn"), asked.get("name")
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}" if machine and name else None


def _arn(event: dict[str, Any]) -> str | None:
    found = event.get("userIdentity", {}).get("arn")
    return str(found) if found else None
