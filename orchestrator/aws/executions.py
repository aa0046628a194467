"""Executions of state machines, started, looked at and stopped from the steps of others and of their own."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# What StopExecution says of an execution that was never started, and of one that has ended.
_NOT_RUNNING = ("ExecutionDoesNotExist", "ValidationException")


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
        described = describe_execution(self.stepfunctions, execution_id)
        return str(described["status"]) if described else None


def describe_execution(stepfunctions: "SFNClient", execution: str) -> dict[str, Any] | None:
    """Describe an execution; None when Step Functions does not know it, or does not know it any more."""
    try:
        return dict(stepfunctions.describe_execution(executionArn=execution))
    except ClientError as error:
        if error_code(error) != "ExecutionDoesNotExist":
            raise
        return None


def has_state_machine(stepfunctions: "SFNClient", arn: str) -> bool:
    """Whether there is a state machine."""
    try:
        stepfunctions.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY")
    except ClientError as error:
        if error_code(error) != "StateMachineDoesNotExist":
            raise
        return False
    return True


def describe_or_aborted(stepfunctions: "SFNClient", execution: str) -> dict[str, Any]:
    """Describe an execution that is known to have been started: one that was forgotten since counts as stopped."""
    name = execution.rsplit(":", 1)[-1]
    cause = "Step Functions does not know it any more."
    forgotten = {"executionArn": execution, "name": name, "status": "ABORTED", "cause": cause}
    return describe_execution(stepfunctions, execution) or forgotten


def stop_execution(stepfunctions: "SFNClient", execution: str, cause: str) -> bool:
    """Stop an execution; returns whether it was running."""
    try:
        stepfunctions.stop_execution(executionArn=execution, error="ABORTED", cause=cause)
    except ClientError as error:
        if error_code(error) not in _NOT_RUNNING:
            raise
        return False
    return True


def start_execution(stepfunctions: "SFNClient", arn: str, name: str, request: dict[str, Any]) -> str:
    """Start an execution under a name of its own; one that was started so already is returned as it is.

    Raises:
        RequestError: somebody has started an execution under that name with another input.
    """
    try:
        started = stepfunctions.start_execution(
            stateMachineArn=arn, name=name, input=json.dumps(request, sort_keys=True)
        )
    except ClientError as error:
        if error_code(error) != "ExecutionAlreadyExists":
            raise
        execution = execution_arn(arn, name)
        known = describe_execution(stepfunctions, execution)
        if known and json.loads(known["input"]) != request:
            raise RequestError(
                f"{name} cannot be started: somebody has started {arn.rsplit(':', 1)[-1]} under that name with another "
                "input. Find out who did, then promote the commit with 'orchestrator promote'."
            ) from error
        return execution
    return started["executionArn"]


def execution_arn(state_machine: str, name: str) -> str:
    """The ARN that an execution has."""
    return f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"
