"""Decide: the only step of a gate. It turns the gate's input into an answer to the waiting promotion."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.errors import RequestError
from orchestrator.identity.policy import ApprovalPolicy, missing, refusal
from orchestrator.identity.proof import Verifier
from orchestrator.identity.trail import Trail
from orchestrator.ledger.approvals import ApprovalRequest, Decision
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import ApprovalResult, Document, Status, StepResult
from orchestrator.steps.request_approval import answer

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# CloudTrail delivers within about a quarter of an hour: a gate waits that long to learn who started it.
_PATIENCE = timedelta(minutes=20)
_WAIT_SECONDS = 60


class DecideInput(Document):
    """What Decide is given: which gate it is, and what somebody started it with, which may be anything."""

    unit: UnitName
    environment: EnvironmentName
    gate: str = Field(description="ARN of the gate's execution.")
    started_at: datetime = Field(description="When that execution started.")
    decision: Any
    policy: ApprovalPolicy = ApprovalPolicy()


class GateInput(Document):
    """What a gate is started with."""

    release: str
    decision: Literal["approve", "reject"]
    reason: str = ""
    proof: str | None = Field(default=None, repr=False, description="Attached by the command line.")


@dataclass(frozen=True)
class Decided:
    """A decision being made: what was asked of which gate, and who asks, as far as that is known."""

    step: DecideInput
    given: GateInput
    who: str = ""
    evidence: str = ""


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
        try:
            given = GateInput.model_validate(step.decision)
        except ValidationError:
            message = (
                "The input of a gate must look like "
                '{"release": "0.2.1", "decision": "approve", "reason": "..."}; "decision" may also be "reject".'
            )
            return self._end(Decided(step, GateInput(release="?", decision="reject")), Status.REFUSED, message)
        request = self.ledger.approvals.request(step.unit, step.environment)
        if request is None or (problem := self._problem(given, request)):
            message = problem if request else f"No approval of {step.unit} for {step.environment} is waiting."
            return self._end(Decided(step, given, *self._claimed(step, given)), Status.REFUSED, message)
        return self._identify(Decided(step, given), request)

    def _problem(self, given: GateInput, request: ApprovalRequest) -> str:
        """Why nobody's decision counts on what was asked for last."""
        unit, environment, version = request.unit, request.environment, request.version
        if request.status != "PENDING":
            last = f"The last one, for {version}, is {request.status.lower()}."
            return f"No approval of {unit} for {environment} is waiting. {last}"
        if version != given.release:
            return (
                f"What waits for {environment} is {unit}@{version}, not {given.release}: "
                "look at its plan, then decide on that release."
            )
        barred = self.ledger.controls.quarantine(unit, version) if given.decision == "approve" else None
        if barred:
            lift = f"'orchestrator quarantine {unit}@{version} --lift'"
            return f"{unit}@{version} is in quarantine: {barred.reason} Reject it, or {lift} first."
        return ""

    def _claimed(self, step: DecideInput, given: GateInput) -> tuple[str, str]:
        """Who made a decision that is refused anyway, where a proof says so."""
        try:
            return (self._who(step, given) if given.proof else None) or ("", "")
        except RequestError:
            return "", ""

    def _identify(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        """Find out who decides, then judge."""
        step, given = decided.step, decided.given
        try:
            known = self._who(step, given)
        except RequestError as error:
            return self._end(decided, Status.REFUSED, str(error))
        demanded = step.policy.demands_identity
        if known is None and demanded:
            return self._not_known_yet(decided)
        decided = Decided(step, given, *(known or ("", "")))
        starter = self._starter(step.policy, request)
        if starter is None and "starter" in step.policy.excluded and not request.automatic:
            message = "CloudTrail does not know yet who started the promotion. Decide again in a few minutes."
            return self._end(decided, Status.REFUSED, message)
        if demanded and (problem := refusal(step.policy, decided.who, request.author, starter)):
            return self._end(decided, Status.REFUSED, problem)
        return self._count(decided, request)

    def _who(self, step: DecideInput, given: GateInput) -> tuple[str, str] | None:
        if given.proof is None:
            found = self.trail.starter(step.gate, step.started_at)
            return (found, "cloudtrail") if found else None
        proven = self.verify(given.proof, decision_of(step.unit, step.environment, given))
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
        message = (
            f"Nobody can tell who started this gate, and {step.unit} in {step.environment} asks for that. Decide "
            f"with: orchestrator {given.decision} {step.unit} {step.environment} --release {given.release}"
        )
        return self._end(decided, Status.REFUSED, message)

    def _count(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        """Count an approval; the last one that is needed is the answer, and so is any rejection."""
        if decided.given.decision == "reject":
            return self._answer(decided, request, Status.REJECTED)
        if decided.who in request.approved_by:
            message = f"{decided.who} has approved {request.version} already: somebody else must approve, too."
            return self._end(decided, Status.REFUSED, message)
        policy = decided.step.policy
        more = missing(policy, [*request.approved_by, decided.who])
        if not more:
            return self._answer(decided, request, Status.APPROVED)
        if self.ledger.approvals.add_approval(request, decided.who) is None:
            return self._again(decided, request)
        name = f"{request.unit}@{request.version}"
        message = f"{name} has {policy.approvals - more} of {policy.approvals} approvals for {request.environment}."
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
        message = f"{step.unit}@{request.version} was {status.lower()} for {step.environment}{reason}"
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
            message = (
                f"The approval of {step.unit}@{request.version} for {step.environment} no longer waits; "
                "'orchestrator status' says what became of its promotion."
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
                unit=step.unit,
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


def decision_of(unit: str, environment: str, given: GateInput) -> dict[str, str]:
    """What a proof of identity is bound to: all of the decision, and the gate it is for."""
    return {"unit": unit, "environment": environment, **given.model_dump(exclude={"proof"})}
