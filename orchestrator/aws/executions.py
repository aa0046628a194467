"""Executions of state machines, looked at from the steps of others and of their own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Executions:
    """Asks Step Functions.

    Args:
        stepfunctions: of the account that the executions are in.
    """

    stepfunctions: "SFNClient"

    def is_alive(self, execution_id: str) -> bool:
        """Whether an execution still runs; one that Step Functions forgot does not."""
        return self._status(execution_id) == "RUNNING"

    def has_ended(self, execution_id: str) -> bool:
        """Whether an execution is known to have ended; descriptions are eventually consistent."""
        return self._status(execution_id) not in (None, "RUNNING")

    def _status(self, execution_id: str) -> str | None:
        try:
            return self.stepfunctions.describe_execution(executionArn=execution_id)["status"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ExecutionDoesNotExist":
                return None
            raise
