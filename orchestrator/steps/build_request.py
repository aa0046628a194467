"""A build as it is asked for: by the state machine's activity, or through the environment of a CodeBuild build."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.config.base import UnitName
from orchestrator.config.invalid import told
from orchestrator.errors import RequestError
from orchestrator.steps.contract import Execution, Request

UNIT = "BUILD_UNIT"
REQUEST = "BUILD_REQUEST"
EXECUTION_ID = "BUILD_EXECUTION_ID"
EXECUTION_NAME = "BUILD_EXECUTION_NAME"
STARTED_AT = "BUILD_STARTED_AT"
VARIABLES = (UNIT, REQUEST, EXECUTION_ID, EXECUTION_NAME, STARTED_AT)

HANDED_BACK = "WorkerStopped"
"""The error with which a worker that is stopped hands a build back: the state gives it to another one."""


class BuildInput(BaseModel):
    """What a build is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: UnitName
    request: Request
    execution: Execution

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "BuildInput":
        """Read it out of the environment variables that the state gives a CodeBuild build.

        Raises:
            RequestError: one is missing or not valid.
        """
        missing = [name for name in VARIABLES if name not in environment]
        if missing:
            raise RequestError(
                f"{', '.join(missing)} is not set: a build task is described by the environment variables "
                f"{', '.join(VARIABLES)}, which the state Build sets. To build by hand: orchestrator build UNIT."
            )
        execution = {
            "id": environment[EXECUTION_ID],
            "name": environment[EXECUTION_NAME],
            "started_at": environment[STARTED_AT],
        }
        try:
            request = Request.model_validate_json(environment[REQUEST])
            return cls.model_validate({"unit": environment[UNIT], "request": request, "execution": execution})
        except ValidationError as error:
            raise RequestError(
                f"The variables {', '.join(VARIABLES)} do not describe a build: {told(error)}. They are, such as: "
                'orders, {"commit": "<sha>"}, the ARN of an execution, its name, 2026-06-01T12:00:00Z.'
            ) from error
