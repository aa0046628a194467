"""Approve: ask for a decision on a plan, and leave the execution waiting for its answer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import Field

from orchestrator.build.store import ArtifactStore
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import ApprovalResult, PlanResult, Status, StepInput
from orchestrator.steps.notice import approval_notice
from orchestrator.steps.ordering import superseded_message
from orchestrator.steps.plan_document import Plan

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient


class RequestApprovalInput(StepInput):
    """What Approve is given; the token answers the waiting execution, and is shown to nobody."""

    plan: PlanResult
    gate_arn: str
    token: str = Field(repr=False)


@dataclass(frozen=True)
class ApprovalRequester:
    """Carries out Approve.

    Args:
        ledger: keeps the request.
        store: keeps the plan.
        stepfunctions: answers the execution of an older request.
        sns: tells people.
        topic: ARN of the topic that approvals are announced on.
    """

    ledger: Ledger
    store: ArtifactStore
    stepfunctions: "SFNClient"
    sns: "SNSClient"
    topic: str

    def __call__(self, step: RequestApprovalInput) -> None:
        """Ask for a decision. An older request for the same environment is superseded, a newer one wins."""
        unit, environment = step.release.unit, step.environment.name
        plan = Plan.read(self.store, step.plan.key, step.plan.plan_hash)
        older = self.ledger.approvals.request(unit, environment)
        request = ApprovalRequest(
            unit=unit,
            environment=environment,
            version=step.release.version,
            manifest_sha256=step.release.manifest_sha256,
            plan_hash=step.plan.plan_hash,
            execution=step.execution.id,
            order=step.execution.order,
            token=step.token,
            author=step.release.author,
            automatic=step.request.automatic,
            started_at=step.execution.started_at.isoformat(),
        )
        if not self.ledger.approvals.record_request(request):
            newer = self.ledger.approvals.request(unit, environment)
            message = superseded_message(step.release, environment, newer.version if newer else None)
            answer(self.stepfunctions, step.token, ApprovalResult(status=Status.SUPERSEDED, message=message))
            return
        if older and older.status == "PENDING" and older.execution != step.execution.id:
            message = f"{unit}@{older.version} is superseded in {environment} by {step.release.name}, asked for later."
            answer(self.stepfunctions, older.token, ApprovalResult(status=Status.SUPERSEDED, message=message))
        notice = approval_notice(step.release, plan, step.plan.key, step.gate_arn, step.execution.id)
        self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)


def answer(stepfunctions: "SFNClient", token: str, result: ApprovalResult) -> bool:
    """Answer a waiting execution; False when it no longer waits."""
    try:
        stepfunctions.send_task_success(taskToken=token, output=result.model_dump_json())
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
            return False
        raise
    return True
