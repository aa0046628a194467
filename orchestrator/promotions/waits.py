"""Why a promotion or a train waits that looks again by itself, read off the newest event of its history."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_OF_ITSELF = ("FROZEN", "QUEUED")


def why_it_waits(stepfunctions: "SFNClient", execution: str) -> str:
    """What an execution waits for, in a sentence; empty when it is at work, or waits for people.

    Args:
        stepfunctions: of the account that the execution is in.
        execution: its ARN; it must be known.
    """
    found = stepfunctions.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)["events"]
    return reason_in(found[0]) if found else ""


def reason_in(event: Mapping[str, Any]) -> str:
    """The same, given that event."""
    if event["type"] != "WaitStateEntered":
        return ""
    entered = event["stateEnteredEventDetails"]
    results = _results(json.loads(entered.get("input", "{}")), entered["name"].rsplit(" ", 1)[-1])
    found = next((one for one in results if one.get("status") in _OF_ITSELF), None)
    if found is None:
        return ""
    again = event["timestamp"] + timedelta(seconds=found.get("retry_after", 0))
    return f"{found['message']} It looks again at {again.astimezone(UTC):%H:%M} UTC."


def _results(document: Mapping[str, Any], environment: str) -> Iterator[Mapping[str, Any]]:
    """What a train's last step has returned, or one of its members' plans, or a promotion's steps in one place."""
    of_promotion = document.get("environments", {}).get(environment, {}).values()
    return (one for one in (document.get("now"), document.get("plan"), *of_promotion) if isinstance(one, dict))
