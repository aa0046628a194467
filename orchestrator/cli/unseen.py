"""Executions that the ledger takes for running, and that are not: no event told of their end, or not yet."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.aws.executions import describe_execution

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# The event of an end takes seconds to be noted: until it is late, nobody need do anything.
_PATIENCE = timedelta(minutes=1)


def unseen_end(stepfunctions: "SFNClient", execution: str) -> str | None:
    """How an end that the ledger does not know is to be told; None while the execution runs.

    Args:
        stepfunctions: of the account that the execution is in.
        execution: its ARN.

    Returns:
        "ended unseen" when somebody must see to it, "ended just now" when its event is still on its way.
    """
    described = describe_execution(stepfunctions, execution) or {}
    if described.get("status") == "RUNNING":
        return None
    ended = described.get("stopDate")
    return "ended just now" if ended and datetime.now(UTC) - ended < _PATIENCE else UNSEEN


UNSEEN = "ended unseen"
