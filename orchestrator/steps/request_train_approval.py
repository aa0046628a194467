"""Approve a train: ask for one decision on the plans of all its members, and leave the train waiting for the answer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from orchestrator.decisions.document import bound_to, request_id, train_subject
from orchestrator.frozen import dataclass
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.tokens import TokenRecords
from orchestrator.ledger.trains import Train
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.approved import entry_of
from orchestrator.steps.contract import ApprovalResult, Release, Status, StepResult
from orchestrator.steps.notice import train_approval_notice
from orchestrator.steps.plan_document import Plan
from orchestrator.steps.request_approval import answer, supersede_trains
from orchestrator.steps.train_contract import StageStep, train_of

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient


class MemberPlan(StepResult):
    """What is needed of a member's plan."""

    key: str
    plan_hash: str


class RequestTrainApprovalInput(StageStep):
    """What Approve is given; the token answers the waiting train, and is shown to nobody."""

    plans: tuple[MemberPlan, ...]
    gate_arn: str
    token: str = Field(repr=False)


@dataclass(frozen=True)
class TrainApprovalRequester:
    """Carries out Approve.

    Args:
        ledger: keeps the request.
        tokens: keeps what the waiting train is answered by.
        store: keeps the plans.
        stepfunctions: answers trains that need not wait.
        sns: tells people.
        topic: ARN of the topic that approvals are announced on.
    """

    ledger: Ledger
    tokens: TokenRecords
    store: ArtifactStore
    stepfunctions: "SFNClient"
    sns: "SNSClient"
    topic: str

    def __call__(self, step: RequestTrainApprovalInput) -> None:
        """Ask for a decision. Older trains with a common member are superseded, a newer one wins."""
        train = train_of(self.ledger, step.execution)
        stopped = next((one for one in step.plans if one.status not in (Status.PLANNED, Status.NO_CHANGES)), None)
        if stopped:
            answer(self.stepfunctions, step.token, ApprovalResult(status=stopped.status, message=stopped.message))
            return
        plans = {plan.release.split("@")[0]: plan for plan in (self._read(one) for one in step.plans)}
        releases = {unit: self.ledger.releases.release(unit, train.versions[unit]) for unit in plans}
        request = self._request(train, step, plans, releases)
        self.tokens.keep(request.id, step.token)
        self.ledger.approvals.record_request(request)
        older = f"{train.name}, which was started later and has a member in common with it"
        supersede_trains(self.ledger, self.tokens, self.stepfunctions, request, tuple(plans), older)
        if self.ledger.approvals.is_pending(request):
            notice = train_approval_notice(train, list(plans.values()), request.shown, step.gate_arn)
            self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)

    def _read(self, plan: MemberPlan) -> Plan:
        return Plan.read(self.store, plan.key, plan.plan_hash)

    def _request(
        self, train: Train, step: RequestTrainApprovalInput, plans: Mapping[str, Plan], releases: Mapping[str, Release]
    ) -> ApprovalRequest:
        stage = self.ledger.trains.stage(train.name, step.environment)
        entries = tuple(entry_of(releases[unit], plan.hash) for unit, plan in plans.items())
        digests, hashes = bound_to(entries)
        return ApprovalRequest(
            id=request_id(step.token),
            unit=train_subject(train.name),
            environment=step.environment,
            version=train.name,
            manifest_sha256=digests,
            plan_hash=hashes,
            entries=entries,
            execution=train.execution,
            order=train.started.order,
            started_at=train.started_at.isoformat(),
            policy=stage.policy if stage else None,
        )
