"""How a decision counts, and how it reaches the promotion that waits for it, whatever is killed in between.

First the decision is written as an object, once: of two that meet, S3 takes one. Then it is listed in the ledger, the
request is closed there, and the promotion is answered. Whoever is killed in between leaves a decision and a promotion
that waits; the next decision, by the same gate tried again or by another one, finds the object and hands it on. A
promotion takes the first answer only, so it may be handed on as often as need be.

What the ledger says of a request is for views. That a request was decided, and what counted, is asked of the objects.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.decisions.document import Decision, Kept
from orchestrator.decisions.records import DecisionRecords
from orchestrator.frozen import dataclass
from orchestrator.identity.policy import has_approved, missing
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.table import stamp
from orchestrator.ledger.tokens import TokenRecords
from orchestrator.steps.contract import ApprovalResult, Status, StepResult
from orchestrator.steps.gate_input import Decided, name_of
from orchestrator.steps.request_approval import answer

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_MEANT = {"APPROVED": "approve", "REJECTED": "reject"}
_PENDING = "PENDING"


@dataclass(frozen=True)
class Verdicts:
    """Counts decisions, keeps them, and hands them on.

    Args:
        ledger: keeps the request, and lists every decision.
        decisions: keeps them.
        tokens: knows what the waiting execution is answered by.
        stepfunctions: answers it.
        clock: tells the time, in UTC.
    """

    ledger: Ledger
    decisions: DecisionRecords
    tokens: TokenRecords
    stepfunctions: "SFNClient"
    clock: Callable[[], datetime]

    def count(self, decided: Decided, request: ApprovalRequest, why_more: str) -> StepResult:
        """Count an approval; the last one that is needed is the answer, and so is any rejection.

        Args:
            decided: by whom, and what.
            request: what is decided on.
            why_more: the sentence that explains a number that nobody wrote down; empty where it is required_approvals.
        """
        if decided.given.decision == "reject":
            return self._settle(decided, request, Status.REJECTED, [])
        others = [one for one in self._counted(decided, request) if one.gate != decided.step.gate]
        if has_approved(decided.policy, decided.who, [one.identity for one in others]):
            message = f"{decided.who} has approved {request.version} already: somebody else must approve, too."
            return self.end(decided, Status.REFUSED, message, request)
        if not self._missing(decided, others):
            return self._settle(decided, request, Status.APPROVED, others)
        counted = self.end(
            decided, Status.COUNTED, f"{self._count_message(decided, request, others)}{why_more}", request
        )
        if counted.status is not Status.COUNTED:
            return counted
        # Somebody else may have been counted at the same moment: whoever sees enough of them settles the request.
        others = [one for one in self._counted(decided, request) if one.gate != decided.step.gate]
        if not self._missing(decided, others):
            return self._settle(decided, request, Status.APPROVED, others)
        return counted

    def _counted(self, decided: Decided, request: ApprovalRequest) -> list[Decision]:
        """The approvals so far that were judged by the same policy: one that was judged by another is asked again."""
        counted = self.decisions.counted(request.unit, request.environment, request.id)
        return [one for one in counted if (one.policy, one.entries) == (decided.policy, request.entries)]

    @staticmethod
    def _missing(decided: Decided, others: list[Decision]) -> int:
        return missing(decided.policy, [*(one.identity for one in others), decided.who])

    def _count_message(self, decided: Decided, request: ApprovalRequest, others: list[Decision]) -> str:
        needed = decided.policy.approvals
        count = f"{needed - self._missing(decided, others)} of {needed} approvals"
        return f"{name_of(request)} has {count} for {request.environment}."

    def _settle(self, decided: Decided, request: ApprovalRequest, status: Status, others: list[Decision]) -> StepResult:
        """Decide; another decision on the same request may have come first."""
        given = decided.given
        reason = f": {given.reason}" if given.reason else "."
        message = f"{name_of(request)} was {status.lower()} for {request.environment}{reason}"
        own = self._decision(decided, status, message, request)
        approvals = [one.approval for one in (*others, own)] if status is Status.APPROVED else []
        settling = own.model_copy(update={"settles": True, "approvals": tuple(approvals)})
        final, kept = self.decisions.keep(settling)
        # Where another gate settled it otherwise, or before the promotion's end, this one comes too late.
        late = f"The approval of {name_of(request)} for {request.environment} was decided meanwhile. {decided.look}"
        return self._hand_on(decided, request, final, kept) or self.end(decided, Status.REFUSED, late, request)

    def handed_on(self, decided: Decided, request: ApprovalRequest) -> StepResult | None:
        """Hand on what was decided already, in case that its own gate was killed before it did.

        Returns:
            What was decided, to the gates that did, and to one that decides the same while the promotion still waited.
            None to others, and where nothing was decided on what they name.
        """
        if request.status not in (_PENDING, *_MEANT) or request.version != decided.given.release:
            return None
        found = self.decisions.final(request.unit, request.environment, request.id)
        return self._hand_on(decided, request, *found) if found else None

    def _hand_on(self, decided: Decided, request: ApprovalRequest, final: Decision, kept: Kept) -> StepResult | None:
        """List a decision that is kept, close its request, and answer the promotion."""
        self.ledger.approvals.index_decision(final, kept)
        self.ledger.approvals.close_request(request, final.status)
        closed = request.model_copy(update={"status": final.status})
        if final.gate != decided.step.gate:
            return self._help(decided, closed, final, kept)
        # One that was closed before it came here was handed on then, or is now.
        if self._answer(closed, final, kept) or request.status != _PENDING or self._was_helped(closed):
            return self._decided(closed, final)
        self.ledger.approvals.expire(closed)
        look = f"train status {request.train}" if request.train else "status"
        message = (
            f"The approval of {name_of(request)} for {request.environment} no longer waits; "
            f"'orchestrator {look}' says what became of it."
        )
        return self.end(decided, Status.REFUSED, message, request)

    def _help(self, decided: Decided, closed: ApprovalRequest, final: Decision, kept: Kept) -> StepResult | None:
        """Hand on what another gate decided; None to a gate that has no part in it."""
        self.ledger.approvals.note_help(closed)
        answered = self._answer(closed, final, kept)
        agrees = decided.given.decision == _MEANT[final.status]
        if decided.step.gate in [one.gate for one in final.approvals] or (answered and agrees):
            self.end(decided, Status(final.status), final.message, closed)
            return self._decided(closed, final)
        return None

    def _was_helped(self, closed: ApprovalRequest) -> bool:
        """Whether another gate has handed a decision on, between its being taken and its being handed on here."""
        now = self.ledger.approvals.request(closed.unit, closed.environment)
        return bool(now and now.id == closed.id and now.helped)

    def _answer(self, request: ApprovalRequest, final: Decision, kept: Kept) -> bool:
        """Answer the promotion, which takes the first answer only; False when it does not wait."""
        result = ApprovalResult(status=Status(final.status), message=final.message, decision=kept, gate=final.gate)
        return answer(self.stepfunctions, self.tokens.token(request.id), result)

    def _decided(self, request: ApprovalRequest, final: Decision) -> StepResult:
        status = Status(final.status)
        waits = self._frozen(request) if status is Status.APPROVED else ""
        return StepResult(status=status, message=f"{final.message}{waits}")

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

    def end(self, decided: Decided, status: Status, message: str, request: ApprovalRequest | None = None) -> StepResult:
        """Keep a decision that does not settle its request: the gate's answer, unless it gave one before."""
        kept, where = self.decisions.keep(self._decision(decided, status, message, request))
        self.ledger.approvals.index_decision(kept, where)
        before = Status(kept.status) if status is Status.COUNTED else status
        return StepResult(status=before, message=message if before is status else kept.message)

    def _decision(self, decided: Decided, status: Status, message: str, request: ApprovalRequest | None) -> Decision:
        step, given = decided.step, decided.given
        return Decision(
            unit=decided.subject,
            environment=step.environment,
            version=given.release,
            request=request.id if request else "",
            execution=request.execution if request else "",
            entries=request.entries if request else (),
            decision=given.decision,
            status=status,
            message=message,
            reason=given.reason,
            gate=step.gate,
            identity=decided.who,
            evidence=decided.evidence,
            decided_at=stamp(self.clock()),
            policy=decided.policy,
        )
