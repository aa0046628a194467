"""A build as it is asked for: by the state machine's activity, or through the environment of a CodeBuild build."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator import __version__
from orchestrator.config.base import OpenHost, UnitName
from orchestrator.config.invalid import told
from orchestrator.config.network import Network
from orchestrator.errors import RequestError
from orchestrator.steps.contract import Execution, Request

UNIT = "BUILD_UNIT"
REQUEST = "BUILD_REQUEST"
EXECUTION_ID = "BUILD_EXECUTION_ID"
EXECUTION_NAME = "BUILD_EXECUTION_NAME"
STARTED_AT = "BUILD_STARTED_AT"
NONCE = "BUILD_NONCE"
NETWORK = "BUILD_NETWORK"
_REQUIRED = (UNIT, REQUEST, EXECUTION_ID, EXECUTION_NAME, STARTED_AT, NONCE)
# State machines of earlier versions do not set the last one: nothing is opened then.
VARIABLES = (*_REQUIRED, NETWORK)

HANDED_BACK = "WorkerStopped"
"""The error with which a worker that is stopped hands a build back: the state gives it to another one."""


class BuildInput(BaseModel):
    """What a build is asked for.

    Attributes:
        nonce: the secret that its release is published with, once.
        network: the hosts that may be opened to the unit's code, at most, as the guardrails have it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: UnitName
    request: Request
    execution: Execution
    nonce: str = Field(repr=False)
    network: tuple[OpenHost, ...] = ()

    @property
    def opened(self) -> Network:
        """The same, for a build machine."""
        return Network(self.network, (self.unit,))

    @classmethod
    def from_task(cls, task: Mapping[str, Any]) -> "BuildInput":
        """Read it out of the input of an activity's task.

        Raises:
            RequestError: it is not valid; what it holds is not shown, for one part of it is a secret.
        """
        try:
            return cls.model_validate(task)
        except ValidationError as error:
            raise RequestError(
                f"This task does not describe a build: {told(error)}. This worker is orchestrator {__version__}, as "
                "must be the state machine; 'orchestrator bootstrap' brings it up to date."
            ) from None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "BuildInput":
        """Read it out of the environment variables that the state gives a CodeBuild build.

        Raises:
            RequestError: one is missing or not valid.
        """
        missing = [name for name in _REQUIRED if name not in environment]
        if missing:
            raise RequestError(
                f"{', '.join(missing)} is not set: a build task is described by the environment variables "
                f"{', '.join(VARIABLES)}, which the state Build sets. To build by hand: orchestrator build UNIT --to "
                "FOLDER."
            )
        execution = {
            "id": environment[EXECUTION_ID],
            "name": environment[EXECUTION_NAME],
            "started_at": environment[STARTED_AT],
        }
        try:
            request = Request.model_validate_json(environment[REQUEST])
            described = {"unit": environment[UNIT], "request": request, "execution": execution}
            network = json.loads(environment.get(NETWORK, "[]"))
            return cls.model_validate({**described, "nonce": environment[NONCE], "network": network})
        except ValueError as error:
            problem = told(error) if isinstance(error, ValidationError) else f"{NETWORK} is not JSON"
            raise RequestError(
                f"The variables {', '.join(VARIABLES)} do not describe a build: {problem}. They are, such as: "
                'orders, {"commit": "<sha>"}, the ARN of an execution, its name, 2026-06-01T12:00:00Z, a secret, '
                '["models.example.com"].'
            ) from None
