"""Decide: the only step of a gate. It turns the gate's input into an answer to the waiting promotion."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.errors import RequestError
from orchestrator.identity.policy import ApprovalPolicy, missing, refusal
from orchestrator.identity.proof import Verifier
from orchestrator.identity.trail import Trail
from orchestrator.ledger.approvals import ApprovalRequest, Decision, train_subject
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import ApprovalResult, Document, Status, StepResult
from orchestrator.steps.request_approval import answer
from orchestrator.trains.bom import TrainName

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# CloudTrail delivers within about a quarter of an hour: a gate waits that long to learn who started it.
_PATIENCE = timedelta(minutes=20)
_WAIT_SECONDS = 60


class DecideInput(Document):
    """What Decide is given: which gate it is, and what somebody started it with, which may be anything."""

    unit: UnitName | None = Field(default=None, description="None at the gate of trains.")
    environment: EnvironmentName
    gate: str = Field(description="ARN of the gate's execution.")
    started_at: datetime = Field(description="When that execution started.")
    decision: Any
    policy: ApprovalPolicy = ApprovalPolicy()


class Given(Document):
    """What every gate is started with."""

    decision: Literal["approve", "reject"]
    reason: str = ""
    proof: str | None = Field(default=None, repr=False, description="Attached by the command line.")


class GateInput(Given):
    """What the gate of a unit is started with."""

    release: str


class TrainGateInput(Given):
    """What the gate of trains is started with."""

    train: TrainName

    @property
    def release(self) -> str:
        """What is decided on: a train has no version but its name."""
        return self.train


@dataclass(frozen=True)
class Decided:
    """A decision being made: what was asked of which gate, and who asks, as far as that is known."""

    step: DecideInput
    given: GateInput | TrainGateInput
    policy: ApprovalPolicy
    who: str = ""
    evidence: str = ""

    @property
    def subject(self) -> str:
        """Whom it is about: a unit, or a train."""
        return subject_of(self.step.unit, self.given)


@dataclass(frozen=True)
class Decider:
    """Carries out Decide.

    Args:
        ledger: keeps the request and every decision.
        stepfunctions: answers the waiting execution.
        verify: finds out who signed a proof of identity.
        trail: knows who started an execution.
        clock: tells the time, in UTC.
    """

    ledger: Ledger
    stepfunctions: "SFNClient"
    verify: Verifier
    trail: Trail
    clock: Callable[[], datetime]

    def __call__(self, step: DecideInput) -> StepResult:
        """Decide on the pending request.

        Returns:
            APPROVED, REJECTED, COUNTED when more approvals are needed, IN_PROGRESS while it is not known who decides,
            or REFUSED with what was wrong and what to do.
        """
        kind = GateInput if step.unit else TrainGateInput
        try:
            given = kind.model_validate(step.decision)
        except ValidationError:
            example = '{"release": "0.2.1"' if step.unit else '{"train": "billing-42"'
            message = (
                f'The input of a gate must look like {example}, "decision": "approve", "reason": "..."}}; '
                '"decision" may also be "reject".'
            )
            unknown = {"release" if step.unit else "train": "unknown", "decision": "reject"}
            return self._end(Decided(step, kind.model_validate(unknown), step.policy), Status.REFUSED, message)
        decided = Decided(step, given, step.policy)
        request = self.ledger.approvals.request(decided.subject, step.environment)
        if request is None or (problem := self._problem(given, request)):
            message = problem if request else f"No approval of {_named(decided)} for {step.environment} is waiting."
            who, evidence = self._claimed(decided)
            return self._end(replace(decided, who=who, evidence=evidence), Status.REFUSED, message)
        return self._identify(replace(decided, policy=request.policy or step.policy), request)

    def _problem(self, given: GateInput | TrainGateInput, request: ApprovalRequest) -> str:
        """Why nobody's decision counts on what was asked for last."""
        environment, version, name = request.environment, request.version, name_of(request)
        if request.status != "PENDING":
            last = f"The last one, for {version}, is {request.status.lower()}."
            return f"No approval of {request.train or request.unit} for {environment} is waiting. {last}"
        if version != given.release:
            return (
                f"What waits for {environment} is {name}, not {given.release}: "
                "look at its plan, then decide on that release."
            )
        return self._quarantined(request) if given.decision == "approve" else ""

    def _quarantined(self, request: ApprovalRequest) -> str:
        train = self.ledger.trains.train(request.train) if request.train else None
        for unit, version in (train.versions if train else {request.unit: request.version}).items():
            if barred := self.ledger.controls.quarantine(unit, version):
                lift = f"'orchestrator quarantine {unit}@{version} --lift'"
                return f"{unit}@{version} is in quarantine: {barred.reason} Reject it, or {lift} first."
        return ""

    def _claimed(self, decided: Decided) -> tuple[str, str]:
        """Who made a decision that is refused anyway, where a proof says so."""
        try:
            return (self._who(decided) if decided.given.proof else None) or ("", "")
        except RequestError:
            return "", ""

    def _identify(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        """Find out who decides, then judge."""
        policy = decided.policy
        try:
            known = self._who(decided)
        except RequestError as error:
            return self._end(decided, Status.REFUSED, str(error))
        demanded = policy.demands_identity
        if known is None and demanded:
            return self._not_known_yet(decided)
        who, evidence = known or ("", "")
        decided = replace(decided, who=who, evidence=evidence)
        starter = self._starter(policy, request)
        if starter is None and "starter" in policy.excluded and not request.automatic:
            message = "CloudTrail does not know yet who started the promotion. Decide again in a few minutes."
            return self._end(decided, Status.REFUSED, message)
        if demanded and (problem := refusal(policy, decided.who, request.authors, starter)):
            return self._end(decided, Status.REFUSED, problem)
        return self._count(decided, request)

    def _who(self, decided: Decided) -> tuple[str, str] | None:
        step, given = decided.step, decided.given
        if given.proof is None:
            found = self.trail.starter(step.gate, step.started_at)
            return (found, "cloudtrail") if found else None
        proven = self.verify(given.proof, decision_of(decided.subject, step.environment, given))
        if not self.ledger.approvals.use_proof(proven.fingerprint):
            raise RequestError("This proof of identity was used before: it counts once. Decide again.")
        return proven.arn, "proof"

    def _starter(self, policy: ApprovalPolicy, request: ApprovalRequest) -> str | None:
        if "starter" not in policy.excluded or request.automatic:
            return None
        return self.trail.starter(request.execution, datetime.fromisoformat(request.started_at))

    def _not_known_yet(self, decided: Decided) -> StepResult:
        step, given = decided.step, decided.given
        if self.clock() < step.started_at + _PATIENCE:
            message = "CloudTrail does not know yet who started this gate: it is minutes late."
            return StepResult(status=Status.IN_PROGRESS, message=message, retry_after=_WAIT_SECONDS)
        what = f"{step.unit} {step.environment} --release {given.release}"
        command = (
            f"{given.decision} {what}" if step.unit else f"train {given.decision} {given.release} {step.environment}"
        )
        message = (
            f"Nobody can tell who started this gate, and {_named(decided)} in {step.environment} asks for that. Decide "
            f"with: orchestrator {command}"
        )
        return self._end(decided, Status.REFUSED, message)

    def _count(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        """Count an approval; the last one that is needed is the answer, and so is any rejection."""
        if decided.given.decision == "reject":
            return self._answer(decided, request, Status.REJECTED)
        if decided.who in request.approved_by:
            message = f"{decided.who} has approved {request.version} already: somebody else must approve, too."
            return self._end(decided, Status.REFUSED, message)
        policy = decided.policy
        more = missing(policy, [*request.approved_by, decided.who])
        if not more:
            return self._answer(decided, request, Status.APPROVED)
        if self.ledger.approvals.add_approval(request, decided.who) is None:
            return self._again(decided, request)
        count = f"{policy.approvals - more} of {policy.approvals} approvals"
        message = f"{name_of(request)} has {count} for {request.environment}."
        return self._end(decided, Status.COUNTED, message)

    def _again(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        """Somebody else decided at the same moment: count by what is there now."""
        now = self.ledger.approvals.request(request.unit, request.environment)
        if now is None or now.status != "PENDING" or now.token != request.token:
            return self._end(decided, Status.REFUSED, f"The approval of {request.version} was decided meanwhile.")
        return self._count(decided, now)

    def _answer(self, decided: Decided, request: ApprovalRequest, status: Status) -> StepResult:
        step, given = decided.step, decided.given
        reason = f": {given.reason}" if given.reason else "."
        message = f"{name_of(request)} was {status.lower()} for {step.environment}{reason}"
        result = ApprovalResult(
            status=status,
            message=message,
            manifest_sha256=request.manifest_sha256,
            plan_hash=request.plan_hash,
            gate=step.gate,
        )
        # The token is what makes a decision count once: of two that meet, Step Functions takes the first.
        if not answer(self.stepfunctions, request.token, result):
            self.ledger.approvals.close_request(request, "EXPIRED")
            look = f"train status {request.train}" if request.train else "status"
            message = (
                f"The approval of {name_of(request)} for {step.environment} no longer waits; "
                f"'orchestrator {look}' says what became of it."
            )
            return self._end(decided, Status.REFUSED, message)
        self.ledger.approvals.close_request(request, status)
        waits = self._frozen(request) if status is Status.APPROVED else ""
        return self._end(decided, status, f"{message}{waits}")

    def _frozen(self, request: ApprovalRequest) -> str:
        """What to add to an approval that nothing can follow from yet."""
        now, under_way = self.clock(), self.ledger.promotions.under_way(request.unit)
        if any(one.execution == request.execution and one.request.get("override_freeze") for one in under_way):
            return ""
        closing = [one for one in self.ledger.controls.freezes() if one.closes(request.unit, request.environment, now)]
        if not closing:
            return ""
        last = max(closing, key=lambda one: one.until)
        return (
            f" {request.environment} is frozen until {last.until:%Y-%m-%d %H:%M} UTC: {last.reason} The approval is "
            "kept, and the deployment waits until then."
        )

    def _end(self, decided: Decided, status: Status, message: str) -> StepResult:
        step, given = decided.step, decided.given
        self.ledger.approvals.record_decision(
            Decision(
                unit=decided.subject,
                environment=step.environment,
                version=given.release,
                decision=given.decision,
                reason=given.reason,
                gate=step.gate,
                status=status,
                message=message,
                identity=decided.who,
                evidence=decided.evidence,
            )
        )
        return StepResult(status=status, message=message)


def decision_of(subject: str, environment: str, given: Given) -> dict[str, str]:
    """What a proof of identity is bound to: all of the decision, and the gate it is for."""
    return {"unit": subject, "environment": environment, **given.model_dump(exclude={"proof"})}


def subject_of(unit: str | None, given: GateInput | TrainGateInput) -> str:
    """Whom a decision is about, as the ledger calls it."""
    return unit or train_subject(given.release)


def name_of(request: ApprovalRequest) -> str:
    """What is decided on, as people write it."""
    return f"The train {request.train}" if request.train else f"{request.unit}@{request.version}"


def _named(decided: Decided) -> str:
    return decided.step.unit or f"the train {decided.given.release}"
