"""Approve: ask for a decision on a plan, and leave the execution waiting for its answer."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import Field

from orchestrator.aws.errors import error_code
from orchestrator.frozen import dataclass
from orchestrator.ledger.approvals import ApprovalRequest, train_subject
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Part, Stage, bound_to
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.admission import IsAlive
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
        is_alive: whether a train still runs.
    """

    ledger: Ledger
    store: ArtifactStore
    stepfunctions: "SFNClient"
    sns: "SNSClient"
    topic: str
    is_alive: IsAlive

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
            shown=step.plan.plan_hash,
            member_of=step.request.train,
            execution=step.execution.id,
            order=step.execution.order,
            token=step.token,
            authors=plan.authors,
            authors_complete=plan.authors_complete,
            started_at=step.execution.started_at.isoformat(),
        )
        if not self.ledger.approvals.record_request(request):
            newer = self.ledger.approvals.request(unit, environment)
            message = superseded_message(step.release, environment, newer.version if newer else None)
            answer(self.stepfunctions, step.token, ApprovalResult(status=Status.SUPERSEDED, message=message))
            return
        # Also one that was decided: who did may have been killed before the promotion was told.
        if older and older.execution != step.execution.id:
            message = f"{unit}@{older.version} is superseded in {environment} by {step.release.name}, asked for later."
            answer(self.stepfunctions, older.token, ApprovalResult(status=Status.SUPERSEDED, message=message))
        supersede_trains(self.ledger, self.stepfunctions, request, (unit,), f"{step.release.name}, asked for later")
        if decision := self._decided_for_its_train(step):
            self.ledger.approvals.close_request(request, Status.APPROVED)
            answer(self.stepfunctions, step.token, decision)
            return
        notice = approval_notice(step.release, plan, step.plan.key, step.gate_arn, step.execution.id)
        self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)

    def _decided_for_its_train(self, step: RequestApprovalInput) -> ApprovalResult | None:
        """The approval that the ledger holds of the train that this promotion moves a member of.

        It must be for just this release and this plan, and the train must still run: otherwise people are asked.
        """
        train = self.ledger.trains.of_member(step.request.train, step.execution.id)
        if train is None or not self.is_alive(train.execution):
            return None
        name = step.environment.name
        stage = self.ledger.trains.stage(train.name, name) or Stage(environment=name)
        request = self.ledger.approvals.request(train_subject(train.name), name)
        part = stage.parts.get(step.release.unit, Part(unit=step.release.unit))
        mine = (step.release.manifest_sha256, step.plan.plan_hash)
        if request is None or request.status != Status.APPROVED or request.execution != train.execution:
            return None
        if mine != (part.manifest_sha256, part.plan_hash) or bound_to(stage.parts) != request.bound:
            return None
        message = f"{step.release.name} was approved for {name} with the train {train.name}."
        return ApprovalResult(
            status=Status.APPROVED, message=message, manifest_sha256=mine[0], plan_hash=mine[1], gate=request.execution
        )


def supersede_trains(
    ledger: Ledger, stepfunctions: "SFNClient", request: ApprovalRequest, units: tuple[str, ...], newer: str
) -> None:
    """Of a request and those of trains with one of its units for the same environment, only the newest waits on.

    Args:
        ledger: knows the trains under way.
        stepfunctions: answers the ones that end.
        request: what is asked for now.
        units: those that it is about.
        newer: what the older ones are superseded by, in words.
    """
    for train in ledger.trains.under_way():
        other = ledger.approvals.request(train_subject(train.name), request.environment)
        if train.started.order == request.order or other is None or other.status != "PENDING":
            continue
        if other.execution == request.execution or not set(units) & set(train.members):
            continue
        first, by = (
            (other, newer) if other.order < request.order else (request, f"the train {train.name}, which is newer")
        )
        if first is request and request.train is None:
            # One promotion goes its own way, whatever a train asks for: their order counts when they deploy.
            continue
        what = first.train or first.version
        message = f"{what} is superseded in {request.environment} by {by}."
        ledger.approvals.close_request(first, Status.SUPERSEDED)
        answer(stepfunctions, first.token, ApprovalResult(status=Status.SUPERSEDED, message=message))


def answer(stepfunctions: "SFNClient", token: str, result: ApprovalResult) -> bool:
    """Answer a waiting execution; False when it no longer waits."""
    try:
        stepfunctions.send_task_success(taskToken=token, output=result.model_dump_json())
    except ClientError as error:
        if error_code(error) in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
            return False
        raise
    return True
