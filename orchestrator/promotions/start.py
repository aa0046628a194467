"""Starts promotions and gates through StartExecution: what the console does, with names checked first."""

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.trains.names import TRAIN_MACHINE, train_gate_name

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Starter:
    """Starts executions by hand.

    Args:
        stepfunctions: Step Functions of the tooling account.
        clock: tells the time, which is a part of each name.
    """

    stepfunctions: "SFNClient"
    clock: Callable[[], datetime]

    def start(self, state_machine_arn: str, kind: str, request: dict[str, Any]) -> str:
        """Start an execution; returns its ARN.

        Raises:
            RequestError: there is no such state machine, because its unit was never merged.
        """
        return self.start_named(
            state_machine_arn, f"{kind}-{self.clock():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", request
        )

    def start_named(self, state_machine_arn: str, name: str, request: dict[str, Any]) -> str:
        """Start an execution under a name of its own; raises as `start` does, and where the name is taken."""
        try:
            started = self.stepfunctions.start_execution(
                stateMachineArn=state_machine_arn, name=name, input=json.dumps(request, sort_keys=True)
            )
        except ClientError as error:
            machine = state_machine_arn.rsplit(":", 1)[-1]
            if error_code(error) == "ExecutionAlreadyExists":
                raise RequestError(
                    f"{machine} was started as {name} already, perhaps a moment ago by somebody else. See how that one "
                    "stands, then choose another name if you still need to."
                ) from error
            if error_code(error) != "StateMachineDoesNotExist":
                raise
            raise RequestError(f"There is no state machine {machine} yet: {_how_it_comes(machine)}") from error
        return started["executionArn"]


def _how_it_comes(machine: str) -> str:
    if machine == TRAIN_MACHINE or machine.startswith(train_gate_name("")):
        return "trains came after what was installed here. Run 'orchestrator bootstrap'."
    return (
        "a unit gets its state machines when it is first merged. Merge it, or put the event of a merge with "
        "'orchestrator merge'."
    )
