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
        """Start an execution under a name of its own; raises as `start` does."""
        try:
            started = self.stepfunctions.start_execution(
                stateMachineArn=state_machine_arn, name=name, input=json.dumps(request, sort_keys=True)
            )
        except ClientError as error:
            if error_code(error) != "StateMachineDoesNotExist":
                raise
            machine = state_machine_arn.rsplit(":", 1)[-1]
            raise RequestError(
                f"There is no state machine {machine} yet: a unit gets its state machines when it is first merged. "
                "Merge it, or put the event of a merge with 'orchestrator merge'."
            ) from error
        return started["executionArn"]
