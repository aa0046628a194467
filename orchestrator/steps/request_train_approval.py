"""Approve a train: ask for one decision on the plans of all its members, and leave the train waiting for the answer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from orchestrator.frozen import dataclass
from orchestrator.ledger.approvals import ApprovalRequest, train_subject
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Stage, Train, bound_to, shown_hash
from orchestrator.releases.store import ArtifactStore
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
        ledger: keeps the request, and what it binds to.
        store: keeps the plans.
        stepfunctions: answers trains that need not wait.
        sns: tells people.
        topic: ARN of the topic that approvals are announced on.
    """

    ledger: Ledger
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
        stage = self._bind(train, step.environment, plans, releases)
        shown = shown_hash((unit, one.version, one.manifest_sha256, plans[unit].hash) for unit, one in releases.items())
        request = self._request(train, stage, step, plans).model_copy(update={"shown": shown})
        self.ledger.approvals.record_request(request)
        older = f"{train.name}, which was started later and has a member in common with it"
        supersede_trains(self.ledger, self.stepfunctions, request, tuple(plans), older)
        if self.ledger.approvals.is_pending(request):
            notice = train_approval_notice(train, list(plans.values()), shown, step.gate_arn)
            self.sns.publish(TopicArn=self.topic, Subject=notice.subject, Message=notice.text)

    def _read(self, plan: MemberPlan) -> Plan:
        return Plan.read(self.store, plan.key, plan.plan_hash)

    def _bind(
        self, train: Train, environment: str, plans: Mapping[str, Plan], releases: Mapping[str, Release]
    ) -> Stage:
        """Note what is decided on: it is what a member's own gate compares with."""
        stage = self.ledger.trains.stage(train.name, environment) or Stage(environment=environment)
        bound = {
            unit: stage.parts[unit].model_copy(
                update={"plan_hash": plan.hash, "manifest_sha256": releases[unit].manifest_sha256}
            )
            for unit, plan in plans.items()
        }
        stage = stage.model_copy(update={"parts": {**stage.parts, **bound}})
        self.ledger.trains.record_stage(train.name, stage)
        return stage

    def _request(
        self, train: Train, stage: Stage, step: RequestTrainApprovalInput, plans: Mapping[str, Plan]
    ) -> ApprovalRequest:
        digests, hashes = bound_to(stage.parts)
        return ApprovalRequest(
            unit=train_subject(train.name),
            environment=step.environment,
            version=train.name,
            manifest_sha256=digests,
            plan_hash=hashes,
            execution=train.execution,
            order=train.started.order,
            token=step.token,
            authors=tuple(dict.fromkeys(author for one in plans.values() for author in one.authors)),
            authors_complete=all(one.authors_complete for one in plans.values()),
            started_at=train.started_at.isoformat(),
            policy=stage.policy,
        )
