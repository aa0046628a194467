"""Decide: the only step of a gate. It turns the gate's input into an answer to the waiting promotion."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.ledger.approvals import ApprovalRequest, Decision
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import ApprovalResult, Document, Status, StepResult
from orchestrator.steps.request_approval import answer

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class DecideInput(Document):
    """What Decide is given: which gate it is, and what somebody started it with, which may be anything."""

    unit: UnitName
    environment: EnvironmentName
    gate: str = Field(description="ARN of the gate's execution.")
    decision: Any


class GateInput(Document):
    """What a gate is started with."""

    release: str
    decision: Literal["approve", "reject"]
    reason: str = ""


@dataclass(frozen=True)
class Decider:
    """Carries out Decide.

    Args:
        ledger: keeps the request and every decision.
        stepfunctions: answers the waiting execution.
    """

    ledger: Ledger
    stepfunctions: "SFNClient"

    def __call__(self, step: DecideInput) -> StepResult:
        """Decide on the pending request.

        Returns:
            APPROVED, REJECTED, or REFUSED with what was wrong and what to do.
        """
        try:
            given = GateInput.model_validate(step.decision)
        except ValidationError:
            message = (
                "The input of a gate must look like "
                '{"release": "0.2.1", "decision": "approve", "reason": "..."}; "decision" may also be "reject".'
            )
            return self._end(step, GateInput(release="?", decision="reject"), Status.REFUSED, message)
        request = self.ledger.approvals.request(step.unit, step.environment)
        if request is None or request.status != "PENDING":
            last = f" The last one, for {request.version}, is {request.status.lower()}." if request else ""
            message = f"No approval of {step.unit} for {step.environment} is waiting.{last}"
            return self._end(step, given, Status.REFUSED, message)
        if request.version != given.release:
            message = (
                f"What waits for {step.environment} is {step.unit}@{request.version}, not {given.release}: "
                "look at its plan, then decide on that release."
            )
            return self._end(step, given, Status.REFUSED, message)
        return self._answer(step, given, request)

    def _answer(self, step: DecideInput, given: GateInput, request: ApprovalRequest) -> StepResult:
        status = Status.APPROVED if given.decision == "approve" else Status.REJECTED
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
            message = f"The approval of {step.unit}@{request.version} for {step.environment} no longer waits."
            return self._end(step, given, Status.REFUSED, message)
        self.ledger.approvals.close_request(request, status)
        return self._end(step, given, status, message)

    def _end(self, step: DecideInput, given: GateInput, status: Status, message: str) -> StepResult:
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
            )
        )
        return StepResult(status=status, message=message)
