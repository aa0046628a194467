"""When a train ends, however it does: note it, stop the promotions that still move its members, tell people."""

from datetime import UTC
from typing import TYPE_CHECKING, Any

from orchestrator.aws.executions import describe_execution, describe_or_aborted, stop_execution
from orchestrator.decisions.document import train_subject
from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Train
from orchestrator.steps.notice import train_failure_notice
from orchestrator.steps.on_promotion_change import (
    ChangeDetail,
    Noted,
    PromotionChange,
    PromotionChanged,
    current_status,
    document_of,
    end_of,
    how_it_ended,
)

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

_RUNNING = "RUNNING"


@dataclass(frozen=True)
class TrainChange:
    """Acts on a train's begin and end. Doing so twice changes nothing and tells nobody twice.

    Args:
        ledger: keeps the outcome.
        stepfunctions: tells how it ended, and stops its members' promotions.
        change: notes how these ended.
        sns: tells people.
        topic: ARN of the topic that failures are announced on.
    """

    ledger: Ledger
    stepfunctions: "SFNClient"
    change: PromotionChange
    sns: "SNSClient"
    topic: str

    def __call__(self, event: PromotionChanged) -> Noted:
        """Act on one event, and on the ends of other trains that no event came of: delivery is not guaranteed."""
        described = dict(self.stepfunctions.describe_execution(executionArn=event.detail.executionArn))
        status = current_status(event.detail, described)
        noted = self._act(described, status)
        for other in self.ledger.trains.under_way():
            found = describe_or_aborted(self.stepfunctions, other.execution)
            if found["status"] != _RUNNING:
                self._act(found, found["status"])
        return noted

    def _act(self, described: dict[str, Any], status: str) -> Noted:
        name = described["name"]
        train = self.ledger.trains.train(name) or _unknown(described)
        if status == _RUNNING:
            if train.status != _RUNNING:
                self.ledger.trains.reopen(train)
            return Noted(outcome=_RUNNING, message=f"{name} is under way.")
        return self._end(train, described, status)

    def _end(self, train: Train, described: dict[str, Any], status: str) -> Noted:
        ended = how_a_train_ended(status, described)
        self.ledger.trains.begin(train)
        self.stop_members(train, ended.message)
        self.ledger.approvals.close_requests(train_subject(train.name), train.execution)
        if self.ledger.trains.end(train, end_of(status, ended, described)) and status != "SUCCEEDED":
            notice = train_failure_notice(train.name, train.execution, ended.outcome, ended.message)
            self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)
        return ended

    def stop_members(self, train: Train, why: str) -> None:
        """Stop the promotions that still move members; one that has not begun yet finds that the train has ended.

        What their own events tell is noted at once, as these may be lost: locks are freed.
        """
        for stage in self.ledger.trains.stages(train.name).values():
            for execution in (part.moves for part in stage.parts.values() if part.moves):
                stop_execution(self.stepfunctions, execution, f"The train {train.name} has ended: {why}")
                described = describe_execution(self.stepfunctions, execution)
                if described and described["status"] != _RUNNING:
                    detail = ChangeDetail(executionArn=execution, status=described["status"])
                    self.change(PromotionChanged(detail=detail))


def _unknown(described: dict[str, Any]) -> Train:
    """A train that ended before it could be noted, such as one that was asked for in a wrong way."""
    return Train(
        name=described["name"],
        execution=described["executionArn"],
        started_at=described["startDate"].astimezone(UTC),
        request=document_of(described.get("input")),
    )


def how_a_train_ended(status: str, described: dict[str, Any]) -> Noted:
    """Put a train's end into words.

    Args:
        status: the execution's status.
        described: DescribeExecution's answer.
    """
    if status != "SUCCEEDED":
        return how_it_ended(status, described)
    document = document_of(described.get("output"))
    approval = document.get("approval") or {}
    now = approval if approval.get("status") == "SUPERSEDED" else document.get("now", {})
    return Noted(outcome=str(now.get("status", status)), message=str(now.get("message", "")))
