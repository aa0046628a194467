"""Follows an execution until it ends."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.frozen import dataclass
from orchestrator.promotions.progress import Progress, progress

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Follower:
    """Looks at executions.

    Args:
        stepfunctions: Step Functions of the tooling account.
        sleep: waits that many seconds.
        interval: seconds between two looks.
    """

    stepfunctions: "SFNClient"
    sleep: Callable[[float], None]
    interval: float = 2.0

    def look(self, execution: str, environments: Iterable[str]) -> Progress:
        """How an execution stands right now; one that was only just started may not be known yet."""
        try:
            return progress(self._events(execution), environments)
        except ClientError as error:
            if error_code(error) != "ExecutionDoesNotExist":
                raise
            return Progress()

    def follow(self, execution: str, environments: list[str]) -> Iterator[Progress]:
        """Look again and again; the last one is how it ended."""
        while True:
            seen = self.look(execution, environments)
            yield seen
            if seen.ended:
                return
            self.sleep(self.interval)

    def result(self, execution: str, meanwhile: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Wait for an execution's end, and describe it.

        Args:
            execution: its ARN.
            meanwhile: called at each look that finds it running.
        """
        while True:
            described: dict[str, Any] = dict(self.stepfunctions.describe_execution(executionArn=execution))
            if described["status"] != "RUNNING":
                return described
            meanwhile()
            self.sleep(self.interval)

    def _events(self, execution: str) -> Iterator[dict[str, Any]]:
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution)
        return (dict(event) for page in pages for event in page["events"])
