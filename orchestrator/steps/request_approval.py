"""Approve: ask for a decision on a plan, and leave the execution waiting for its answer."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import Field

from orchestrator.aws.errors import error_code
from orchestrator.decisions.document import request_id, train_subject
from orchestrator.frozen import dataclass
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.tokens import TokenRecords
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.admission import IsAlive
from orchestrator.steps.approved import Approvals, entry_of
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
        tokens: keeps what the waiting execution is answered by.
        approvals: know what was decided for a train, and whether that still lets a member in.
        store: keeps the plan.
        stepfunctions: answers the execution of an older request.
        sns: tells people.
        topic: ARN of the topic that approvals are announced on.
        is_alive: whether a train still runs.
    """

    ledger: Ledger
    tokens: TokenRecords
    approvals: Approvals
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
        entry = entry_of(step.release, step.plan.plan_hash)
        request = ApprovalRequest(
            id=request_id(step.token),
            **entry.model_dump(),
            entries=(entry,),
            environment=environment,
            member_of=step.request.train,
            execution=step.execution.id,
            order=step.execution.order,
            started_at=step.execution.started_at.isoformat(),
        )
        self.tokens.keep(request.id, step.token)
        if not self.ledger.approvals.record_request(request):
            newer = self.ledger.approvals.request(unit, environment)
            message = superseded_message(step.release, environment, newer.version if newer else None)
            answer(self.stepfunctions, step.token, ApprovalResult(status=Status.SUPERSEDED, message=message))
            return
        # Also one that was decided: who did may have been killed before the promotion was told.
        if older and older.execution != step.execution.id:
            message = f"{unit}@{older.version} is superseded in {environment} by {step.release.name}, asked for later."
            superseded = ApprovalResult(status=Status.SUPERSEDED, message=message)
            answer(self.stepfunctions, self.tokens.token(older.id), superseded)
        newer_one = f"{step.release.name}, asked for later"
        supersede_trains(self.ledger, self.tokens, self.stepfunctions, request, (unit,), newer_one)
        if decided := self._decided_for_its_train(step):
            self.ledger.approvals.close_request(request, Status.APPROVED)
            answer(self.stepfunctions, step.token, decided)
            return
        notice = approval_notice(step.release, plan, step.plan.key, step.gate_arn, step.execution.id)
        self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)

    def _decided_for_its_train(self, step: RequestApprovalInput) -> ApprovalResult | None:
        """The approval of the train that this promotion moves a member of.

        It must be for just this release and this plan, as Deploy judges that, and the train must still run: otherwise
        people are asked.
        """
        train = self.ledger.trains.of_member(step.request.train, step.execution.id)
        if train is None or not self.is_alive(train.execution):
            return None
        subject, name = train_subject(train.name), step.environment.name
        asked = self.ledger.approvals.request(subject, name)
        found = self.approvals.decisions.final(subject, name, asked.id) if asked else None
        if found is None or self.approvals.against(found[0], step, step.plan.plan_hash):
            return None
        message = f"{step.release.name} was approved for {name} with the train {train.name}."
        return ApprovalResult(status=Status.APPROVED, message=message, decision=found[1], gate=found[0].gate)


def supersede_trains(  # noqa: PLR0913, PLR0917  # What is asked, and all that it takes to answer.
    ledger: Ledger,
    tokens: TokenRecords,
    stepfunctions: "SFNClient",
    request: ApprovalRequest,
    units: tuple[str, ...],
    newer: str,
) -> None:
    """Of a request and those of trains with one of its units for the same environment, only the newest waits on.

    Args:
        ledger: knows the trains under way.
        tokens: knows what waiting executions are answered by.
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
        answer(stepfunctions, tokens.token(first.id), ApprovalResult(status=Status.SUPERSEDED, message=message))


def answer(stepfunctions: "SFNClient", token: str | None, result: ApprovalResult) -> bool:
    """Answer a waiting execution; False when it no longer waits, or its token is not known any more."""
    if token is None:
        return False
    try:
        stepfunctions.send_task_success(taskToken=token, output=result.model_dump_json())
    except ClientError as error:
        if error_code(error) in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
            return False
        raise
    return True
