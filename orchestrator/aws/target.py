"""An account and region that is deployed to, opened with the deployer's short-lived session."""

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import boto3

from orchestrator.aws.session import CLIENT
from orchestrator.aws.stack import Sleep, Stack
from orchestrator.config.environment import Environment, Target
from orchestrator.frozen import dataclass
from orchestrator.steps.contract import Execution

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class TargetAccount:
    """The clients of one target, each made when it is needed: no step needs all of them.

    Args:
        target: the account and region.
        session: with the deployer's permissions.
        sleep: waits that many seconds.
    """

    target: Target
    session: boto3.Session
    sleep: Sleep

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """CloudFormation of the target."""
        return self.session.client("cloudformation", config=CLIENT)

    @cached_property
    def s3(self) -> "S3Client":
        """S3 of the target."""
        return self.session.client("s3", config=CLIENT)

    @cached_property
    def functions(self) -> "LambdaClient":
        """Lambda of the target."""
        return self.session.client("lambda", config=CLIENT)

    def stack(self, name: str, environment: Environment) -> Stack:
        """A stack of the target, which CloudFormation changes with the role for stacks of that name."""
        role = self.target.role_arn(environment.role_for(name))
        return Stack(self.cloudformation, name, str(self.target), self.sleep, role)


class Targets(Protocol):
    """Opens targets: assumes the environment's deployer role in each."""

    def __call__(self, environment: Environment, target: Target, execution: Execution) -> TargetAccount:
        """Open one target; raises `AccessError` when its role cannot be assumed."""
