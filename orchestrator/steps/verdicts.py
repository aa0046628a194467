"""How a decision counts, and how it reaches the promotion that waits for it, whatever is killed in between.

First the request is closed, by a conditional write: of two decisions that meet, one closes it. Then the promotion is
answered. Whoever is killed between the two leaves a closed request and a promotion that waits; the next decision, by
the same gate tried again or by another one, finds in the ledger what was decided, and hands it on. A promotion takes
the first answer only, so it may be handed on as often as need be. In the other order, a gate that is tried again could
not tell its own answer from a promotion that does not wait any more.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.frozen import dataclass
from orchestrator.identity.policy import has_approved, missing
from orchestrator.ledger.approvals import ApprovalRequest, Decision, Verdict
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import ApprovalResult, Status, StepResult
from orchestrator.steps.gate_input import Decided, name_of
from orchestrator.steps.request_approval import answer

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_MEANT = {"APPROVED": "approve", "REJECTED": "reject"}


@dataclass(frozen=True)
class Verdicts:
    """Counts decisions, hands them on, and keeps them.

    Args:
        ledger: keeps the request and every decision.
        stepfunctions: answers the waiting execution.
        clock: tells the time, in UTC.
    """

    ledger: Ledger
    stepfunctions: "SFNClient"
    clock: Callable[[], datetime]

    def count(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        """Count an approval; the last one that is needed is the answer, and so is any rejection."""
        if decided.given.decision == "reject":
            return self._answer(decided, request, Status.REJECTED)
        if has_approved(decided.policy, decided.who, request.approved_by):
            message = f"{decided.who} has approved {request.version} already: somebody else must approve, too."
            return self.end(decided, Status.REFUSED, message)
        policy = decided.policy
        more = missing(policy, [*request.approved_by, decided.who])
        if not more:
            return self._answer(decided, request, Status.APPROVED)
        if self.ledger.approvals.add_approval(request, decided.who) is None:
            return self._again(decided, request)
        count = f"{policy.approvals - more} of {policy.approvals} approvals"
        message = f"{name_of(request)} has {count} for {request.environment}."
        return self.end(decided, Status.COUNTED, message)

    def _again(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        """Somebody else decided at the same moment: count by what is there now."""
        now = self.ledger.approvals.request(request.unit, request.environment)
        if now and (known := self.handed_on(decided, now)):
            return known
        if now is None or now.status != "PENDING" or now.token != request.token:
            return self.end(decided, Status.REFUSED, f"The approval of {request.version} was decided meanwhile.")
        return self.count(decided, now)

    def _answer(self, decided: Decided, request: ApprovalRequest, status: Status) -> StepResult:
        step, given = decided.step, decided.given
        reason = f": {given.reason}" if given.reason else "."
        message = f"{name_of(request)} was {status.lower()} for {step.environment}{reason}"
        verdict = Verdict(gate=step.gate, message=message, identity=decided.who, evidence=decided.evidence)
        # Of two decisions that meet, one closes the request. Who is killed behind this line is helped by `handed_on`.
        if not self.ledger.approvals.close_request(request, status, verdict):
            return self._again(decided, request)
        closed = request.model_copy(update={"status": status, "verdict": verdict})
        if self._hand_on(closed, verdict) or self._was_helped(closed):
            return self._decided(decided, closed, message)
        self.ledger.approvals.expire(closed)
        look = f"train status {request.train}" if request.train else "status"
        message = (
            f"The approval of {name_of(request)} for {step.environment} no longer waits; "
            f"'orchestrator {look}' says what became of it."
        )
        return self.end(decided, Status.REFUSED, message)

    def handed_on(self, decided: Decided, request: ApprovalRequest) -> StepResult | None:
        """Hand on what was decided already, in case that its own gate was killed before it did.

        Returns:
            What was decided, to the gate that did, and to one that decides the same while the promotion still waited.
            None otherwise.
        """
        given, verdict = decided.given, request.verdict
        if verdict is None or request.status not in _MEANT or request.version != given.release:
            return None
        meant = given.model_copy(update={"decision": _MEANT[request.status], "reason": ""})
        step = decided.step.model_copy(update={"gate": verdict.gate})
        first = replace(decided, step=step, given=meant, who=verdict.identity, evidence=verdict.evidence)
        if verdict.gate == decided.step.gate:
            self._hand_on(request, verdict)
            return self._decided(first, request, verdict.message)
        self.ledger.approvals.note_help(request, verdict)
        if not self._hand_on(request, verdict):
            return None
        self.end(first, Status(request.status), verdict.message)
        return self._decided(decided, request, verdict.message) if given.decision == meant.decision else None

    def _was_helped(self, closed: ApprovalRequest) -> bool:
        """Whether another gate has handed a decision on, between its being taken and its being handed on here."""
        now = self.ledger.approvals.request(closed.unit, closed.environment)
        return bool(now and now.token == closed.token and now.verdict and now.verdict.helped)

    def _hand_on(self, request: ApprovalRequest, verdict: Verdict) -> bool:
        """Answer the promotion, which takes the first answer only; False when it does not wait."""
        result = ApprovalResult(
            status=Status(request.status),
            message=verdict.message,
            manifest_sha256=request.manifest_sha256,
            plan_hash=request.plan_hash,
            gate=verdict.gate,
        )
        return answer(self.stepfunctions, request.token, result)

    def _decided(self, decided: Decided, request: ApprovalRequest, message: str) -> StepResult:
        status = Status(request.status)
        waits = self._frozen(request) if status is Status.APPROVED else ""
        return self.end(decided, status, f"{message}{waits}")

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

    def end(self, decided: Decided, status: Status, message: str) -> StepResult:
        """Keep a decision for good, whether or not it counted; it is the gate's answer."""
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
