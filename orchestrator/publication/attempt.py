"""The attempt at a build that an execution waits for at this moment, read from its history."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.aws.executions import describe_execution
from orchestrator.errors import AccessError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

BUILD = "Build"
"""The name of the state that waits for a build."""
_ENDED = ("Failed", "TimedOut", "Succeeded", "Aborted")


@dataclass(frozen=True)
class Attempt:
    """One attempt at a build; each try of the state is another one.

    Attributes:
        number: of the event that scheduled it; later attempts have greater ones.
        worker: the name of the worker that took it; None where the history does not name workers.
    """

    number: int
    worker: str | None = None


def current_attempt(stepfunctions: "SFNClient", execution: str) -> Attempt:
    """The attempt that an execution waits for.

    Args:
        stepfunctions: of the account that the execution is in.
        execution: its ARN.

    Raises:
        AccessError: it does not run, or does not wait for a build.
    """
    described = describe_execution(stepfunctions, execution)
    status = described["status"] if described else "unknown to Step Functions"
    if status != "RUNNING":
        raise AccessError(f"{execution} is not running, but {status}: its build cannot be published any more.")
    # All of it: Build is among the first states.
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution, includeExecutionData=False, PaginationConfig={"PageSize": 1000}
    )
    events = [event for page in pages for event in page["events"]]
    attempt = newest_attempt(sorted(events, key=lambda event: event["id"], reverse=True))
    if attempt is None:
        raise AccessError(
            f"{execution} does not wait for a build at this moment: nothing of it can be published. Its history says "
            "what it does; a build that is tried again is given to a worker as a new task."
        )
    return attempt


def newest_attempt(events: Iterable[Mapping[str, Any]]) -> Attempt | None:
    """The attempt that is under way, None when there is none.

    Args:
        events: of an execution's history, newest first.
    """
    scheduled: tuple[str, int] | None = None
    worker: str | None = None
    for event in events:
        kind = event["type"]
        if kind.endswith("StateEntered"):
            is_build = event["stateEnteredEventDetails"]["name"] == BUILD
            return _attempt(scheduled, worker) if is_build else None
        if kind.endswith("StateExited"):
            return None
        if scheduled is None:
            if kind.endswith(_ENDED):
                return None
            if kind == "ActivityStarted":
                worker = event["activityStartedEventDetails"].get("workerName", "")
            if kind.endswith("Scheduled"):
                scheduled = (kind, event["id"])
    return None


def _attempt(scheduled: tuple[str, int] | None, worker: str | None) -> Attempt | None:
    """An activity's task that nobody has taken is nobody's attempt."""
    if scheduled is None or (scheduled[0] == "ActivityScheduled" and worker is None):
        return None
    return Attempt(scheduled[1], worker)
