"""When a promotion ends, however it ends: free its locks, note its outcome, and tell people when it failed."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.ledger.table import stamp
from orchestrator.promotions.progress import innermost, superseded
from orchestrator.steps.contract import Execution
from orchestrator.steps.notice import failure_notice

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

# The error of a state whose job ran and failed: only a build on CodeBuild is one.
_JOB_FAILED = "States.TaskFailed"


class EndDetail(BaseModel):
    """What an execution status event says that is needed here; there is more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    executionArn: str  # noqa: N815  # The event's own name.
    status: str


class PromotionEnded(BaseModel):
    """The event `Step Functions Execution Status Change`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail: EndDetail


class Ended(BaseModel):
    """How a promotion ended."""

    outcome: str = Field(description="PROMOTED, SUPERSEDED, ABORTED, TIMED_OUT, or the error's name.")
    message: str


@dataclass(frozen=True)
class PromotionEnd:
    """Acts on the end of a promotion. Doing so twice changes nothing and tells nobody twice.

    Args:
        ledger: frees the locks and keeps the outcome.
        stepfunctions: tells what the event leaves out, such as the error and its cause.
        sns: tells people.
        topic: ARN of the topic that failures are announced on.
    """

    ledger: Ledger
    stepfunctions: "SFNClient"
    sns: "SNSClient"
    topic: str

    def __call__(self, event: PromotionEnded) -> Ended:
        """Act on one event, and on those of the same unit that never came: their delivery is not guaranteed."""
        described = self._describe(event.detail.executionArn)
        unit = described["stateMachineArn"].rsplit(":", 1)[-1].removeprefix("promote-")
        ended = self._end(unit, described, event.detail.status)
        for other in self.ledger.promotions.under_way(unit):
            found = self._describe(other.execution)
            if found["status"] != "RUNNING":
                self._end(unit, found, found["status"])
        return ended

    def _describe(self, execution: str) -> dict[str, Any]:
        return dict(self.stepfunctions.describe_execution(executionArn=execution))

    def _end(self, unit: str, described: dict[str, Any], status: str) -> Ended:
        execution = Execution(
            id=described["executionArn"], name=described["name"], started_at=described["startDate"].astimezone(UTC)
        )
        ended = self._how_it_ended(unit, execution, status, described)
        self.ledger.environments.note_interrupted(unit, execution)
        self.ledger.environments.free_locks(unit, execution.id)
        self.ledger.approvals.close_requests(unit, execution.id)
        if self._record(unit, execution, status, ended, described) and status != "SUCCEEDED":
            notice = failure_notice(unit, execution.id, status, ended.message)
            self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)
        return ended

    def _how_it_ended(self, unit: str, execution: Execution, status: str, described: dict[str, Any]) -> Ended:
        """How it ended; of a CodeBuild build that failed, Step Functions knows only that it did."""
        ended = how_it_ended(status, described)
        if ended.outcome != _JOB_FAILED:
            return ended
        failed = self.ledger.promotions.failed_build(unit, execution)
        return Ended(outcome=failed.error, message=failed.cause) if failed else ended

    def _record(self, unit: str, execution: Execution, status: str, ended: Ended, described: dict[str, Any]) -> bool:
        request = _json(described.get("input"))
        promotion = Promotion(
            unit=unit,
            execution=execution.id,
            name=execution.name,
            started_at=execution.order.split("#")[0],
            status=status,
            version=request.get("version"),
            commit=request.get("commit"),
            request=request,
            outcome=ended.outcome,
            message=ended.message,
            ended_at=stamp(described.get("stopDate") or datetime.now(UTC)),
        )
        return self.ledger.promotions.record_end(promotion, execution)


def how_it_ended(status: str, described: dict[str, Any]) -> Ended:
    """Put an execution's end into words.

    Args:
        status: the execution's status.
        described: DescribeExecution's answer.
    """
    if status == "SUCCEEDED":
        return _success(_json(described.get("output")))
    if status == "FAILED":
        cause = described.get("cause") or "no cause was given"
        return Ended(outcome=described.get("error") or "FAILED", message=innermost(cause))
    words = {"ABORTED": "It was stopped", "TIMED_OUT": "It ran out of time"}
    cause = described.get("cause")
    return Ended(outcome=status, message=f"{words.get(status, status)}{f': {cause}' if cause else '.'}")


def _success(document: dict[str, Any]) -> Ended:
    if message := superseded(document):
        return Ended(outcome="SUPERSEDED", message=message)
    name = f"{document.get('unit')}@{document.get('release', {}).get('version')}"
    return Ended(outcome="PROMOTED", message=f"{name} is in {document.get('last')}.")


def _json(text: str | None) -> dict[str, Any]:
    try:
        document = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
