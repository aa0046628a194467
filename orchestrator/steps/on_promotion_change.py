"""When a promotion begins or ends, however it does: note it, free what an ended one held, tell people of failures."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.aws.executions import describe_or_aborted
from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.ledger.table import stamp
from orchestrator.promotions.progress import innermost, superseded
from orchestrator.steps.contract import Execution
from orchestrator.steps.notice import failure_notice

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

_RUNNING = "RUNNING"
# The error of a state whose job ran and failed: only a build on CodeBuild is one.
_JOB_FAILED = "States.TaskFailed"


class ChangeDetail(BaseModel):
    """What an execution status event says that is needed here; there is more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    executionArn: str  # noqa: N815  # The event's own name.
    status: str
    redriveCount: int = 0  # noqa: N815  # The same.


class PromotionChanged(BaseModel):
    """The event `Step Functions Execution Status Change`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail: ChangeDetail


class Noted(BaseModel):
    """What was noted of a promotion."""

    outcome: str = Field(description="RUNNING, PROMOTED, SUPERSEDED, ABORTED, TIMED_OUT, or the error's name.")
    message: str


@dataclass(frozen=True)
class PromotionChange:
    """Acts on a promotion's begin and end. Doing so twice changes nothing and tells nobody twice.

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

    def __call__(self, event: PromotionChanged) -> Noted:
        """Act on one event, and on the ends of the same unit that no event came of: delivery is not guaranteed."""
        described = self._describe(event.detail.executionArn)
        unit = described["stateMachineArn"].rsplit(":", 1)[-1].removeprefix("promote-")
        status = current_status(event.detail, described)
        if status == _RUNNING:
            return self._begin(unit, described)
        noted = self._end(unit, described, status)
        for other in self.ledger.promotions.under_way(unit):
            found = self._find(other)
            if found["status"] != _RUNNING:
                self._end(unit, found, found["status"])
        return noted

    def _describe(self, execution: str) -> dict[str, Any]:
        return dict(self.stepfunctions.describe_execution(executionArn=execution))

    def _find(self, promotion: Promotion) -> dict[str, Any]:
        """Describe a promotion out of the ledger, which Step Functions may have forgotten."""
        started = {
            "startDate": datetime.fromisoformat(promotion.started_at),
            "input": json.dumps(promotion.request),
        }
        return {**started, **describe_or_aborted(self.stepfunctions, promotion.execution)}

    def _begin(self, unit: str, described: dict[str, Any]) -> Noted:
        """Note a promotion from its first moment on, and open one again that was redriven."""
        execution = self._execution(described)
        promotion = _promotion(unit, described, execution)
        if not self.ledger.promotions.record_begin(promotion, execution):
            ended = self.ledger.promotions.promotion(unit, execution.order)
            # Asked after the ledger: whatever ends it from now on ends what is opened here.
            if ended and ended.ended_at and self._describe(execution.id)["status"] == _RUNNING:
                self.ledger.promotions.reopen(ended, execution)
        return Noted(outcome=_RUNNING, message=f"{execution.name} is under way.")

    def _end(self, unit: str, described: dict[str, Any], status: str) -> Noted:
        execution = self._execution(described)
        ended = self._how_it_ended(unit, execution, status, described)
        self.ledger.environments.note_interrupted(unit, execution)
        self.ledger.environments.free_locks(unit, execution.id)
        self.ledger.approvals.close_requests(unit, execution.id)
        end = end_of(status, ended, described)
        promotion = _promotion(unit, described, execution).model_copy(update=end)
        if self.ledger.promotions.record_end(promotion, execution) and status != "SUCCEEDED":
            notice = failure_notice(unit, execution.id, status, ended.message)
            self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)
        return ended

    def _execution(self, described: dict[str, Any]) -> Execution:
        started_at = described["startDate"].astimezone(UTC)
        execution = Execution(id=described["executionArn"], name=described["name"], started_at=started_at)
        return self.ledger.trains.rank(_text(document_of(described.get("input")).get("train")), execution)

    def _how_it_ended(self, unit: str, execution: Execution, status: str, described: dict[str, Any]) -> Noted:
        """How it ended; of a CodeBuild build that failed, Step Functions knows only that it did."""
        ended = how_it_ended(status, described)
        if ended.outcome != _JOB_FAILED:
            return ended
        failed = self.ledger.promotions.failed_build(unit, execution)
        return Noted(outcome=failed.error, message=failed.cause) if failed else ended


def current_status(detail: ChangeDetail, described: dict[str, Any]) -> str:
    """What an execution's status is: what the event says, unless it is older than what Step Functions says.

    DescribeExecution is eventually consistent, so that an end that it does not know yet is believed; the begin of
    what has ended meanwhile is not, and neither is the end of what was redriven since.
    """
    outdated = detail.redriveCount < described.get("redriveCount", 0)
    return str(described["status"]) if outdated or detail.status == _RUNNING else detail.status


def _promotion(unit: str, described: dict[str, Any], execution: Execution) -> Promotion:
    request = document_of(described.get("input"))
    return Promotion(
        unit=unit,
        execution=execution.id,
        name=execution.name,
        started_at=execution.order.split("#")[0],
        version=_text(request.get("version")),
        commit=_text(request.get("commit")),
        request=request,
    )


def _text(value: Any) -> str | None:
    """What somebody started an execution with may be anything."""
    return value if isinstance(value, str) else None


def end_of(status: str, ended: Noted, described: dict[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of an end: the execution's status, what it came to, and when."""
    at = stamp(described.get("stopDate") or datetime.now(UTC))
    return {"status": status, "outcome": ended.outcome, "message": ended.message, "ended_at": at}


def how_it_ended(status: str, described: dict[str, Any]) -> Noted:
    """Put an execution's end into words.

    Args:
        status: the execution's status.
        described: DescribeExecution's answer.
    """
    if status == "SUCCEEDED":
        return _success(document_of(described.get("output")))
    if status == "FAILED":
        cause = described.get("cause") or "no cause was given"
        return Noted(outcome=described.get("error") or "FAILED", message=innermost(cause))
    words = {"ABORTED": "It was stopped", "TIMED_OUT": "It ran out of time"}
    cause = described.get("cause")
    return Noted(outcome=status, message=f"{words.get(status, status)}{f': {cause}' if cause else '.'}")


def _success(document: dict[str, Any]) -> Noted:
    if message := superseded(document):
        return Noted(outcome="SUPERSEDED", message=message)
    name = f"{document.get('unit')}@{document.get('release', {}).get('version')}"
    if document.get("last") is None:
        return Noted(outcome="BUILT", message=f"{name} is built.")
    return Noted(outcome="PROMOTED", message=f"{name} is in {document.get('last')}.")


def document_of(text: str | None) -> dict[str, Any]:
    """An execution's input or output; empty when it is no document."""
    try:
        document = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
