"""Decide: the only step of a gate. It turns the gate's input into an answer to the waiting promotion."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from orchestrator.aws.arn import role_of_session
from orchestrator.config.infrastructure import TRAIN_ROLE
from orchestrator.decisions.document import Entry, bound_to
from orchestrator.decisions.records import DecisionRecords
from orchestrator.errors import ArtifactError, RequestError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.policy import policy_in
from orchestrator.identity.policy import ApprovalPolicy, Authors, refusal, required, strictest, why_more
from orchestrator.identity.proof import Verifier
from orchestrator.identity.trail import Trail
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.tokens import TokenRecords
from orchestrator.steps.contract import Status, StepResult
from orchestrator.steps.gate_input import Decided, DecideInput, GateInput, TrainGateInput, decision_of, name_of
from orchestrator.steps.origin import is_automatic
from orchestrator.steps.verdicts import Verdicts

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# CloudTrail delivers within about a quarter of an hour: a gate waits that long to learn who started it.
_PATIENCE = timedelta(minutes=20)
_WAIT_SECONDS = 60


@dataclass(frozen=True)
class Decider:
    """Carries out Decide.

    Args:
        ledger: keeps the request, and lists every decision.
        decisions: keeps them.
        tokens: knows what the waiting execution is answered by.
        stepfunctions: answers it.
        verify: finds out who signed a proof of identity.
        trail: knows who started an execution.
        clock: tells the time, in UTC.
        guardrails: reads the rules that a decision is judged by.
        authors: tells who wrote what a request is about, by what was planned; the request proves nothing.
    """

    ledger: Ledger
    decisions: DecisionRecords
    tokens: TokenRecords
    stepfunctions: "SFNClient"
    verify: Verifier
    trail: Trail
    clock: Callable[[], datetime]
    guardrails: Callable[[], Guardrails]
    authors: Callable[[ApprovalRequest], Authors]

    @property
    def _verdicts(self) -> Verdicts:
        return Verdicts(self.ledger, self.decisions, self.tokens, self.stepfunctions, self.clock)

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
                f'The input of a gate must look like {example}, "decision": "approve", "plan": "0a1b2c3d4e5f", '
                '"reason": "..."}; "decision" may also be "reject", and "plan" is the beginning of the hash of the '
                "plan that was shown, as the notification has it."
            )
            unknown = {"release" if step.unit else "train": "unknown", "decision": "reject"}
            return self._verdicts.end(
                Decided(step, kind.model_validate(unknown), ApprovalPolicy()), Status.REFUSED, message
            )
        decided = Decided(step, given, self._policy(step))
        request = self.ledger.approvals.request(decided.subject, step.environment)
        if request and (known := self._verdicts.handed_on(decided, request)):
            return known
        # What was handed on just now waits no more.
        request = self.ledger.approvals.request(decided.subject, step.environment)
        if request is None or (problem := self._problem(decided, request)):
            message = (
                problem
                if request
                else f"No approval of {decided.named} for {step.environment} is waiting. {decided.look}"
            )
            who, evidence = self._claimed(decided)
            return self._verdicts.end(replace(decided, who=who, evidence=evidence), Status.REFUSED, message, request)
        # What a train's plan noted of its members' settings adds to the guardrails, whoever may have written it.
        policy = strictest([decided.policy, *([request.policy] if request.policy else [])])
        return self._identify(replace(decided, policy=policy), request)

    def _policy(self, step: DecideInput) -> ApprovalPolicy:
        recorded = self.guardrails()
        return policy_in(recorded, recorded.organization.environment(step.environment), step.merged)

    def _problem(self, decided: Decided, request: ApprovalRequest) -> str:
        """Why nobody's decision counts on what was asked for last."""
        given = decided.given
        environment, version, name = request.environment, request.version, name_of(request)
        if request.status != "PENDING":
            last = f"The last one, for {version}, is {request.status.lower()}."
            return f"No approval of {decided.named} for {environment} is waiting. {last} {decided.look}"
        if version != given.release:
            return (
                f"What waits for {environment} is {name}, not {given.release}: "
                "look at its plan, then decide on that release."
            )
        if not given.plan:
            return f"The decision does not name the plan that was shown. {_look_at_plan(request)}"
        if not request.shown.startswith(given.plan):
            return f"The plan of {name} for {environment} was made again since it was shown. {_look_at_plan(request)}"
        return (_altered(request) or self._quarantined(request)) if given.decision == "approve" else ""

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
        try:
            known = self._who(decided)
            if known is None and decided.policy.demands_identity:
                return self._not_known_yet(decided, request)
            who, evidence = known or ("", "")
            decided = replace(decided, who=who, evidence=evidence)
            authors = self.authors(request) if "author" in decided.policy.excluded else Authors()
            problem = self._judged(decided, request, authors) if who else None
        except (RequestError, ArtifactError) as error:
            return self._verdicts.end(decided, Status.REFUSED, str(error), request)
        if problem:
            return self._verdicts.end(decided, Status.REFUSED, problem, request)
        policy = decided.policy.model_copy(update={"approvals": required(decided.policy, authors)})
        return self._verdicts.count(replace(decided, policy=policy), request, why_more(decided.policy, authors))

    def _judged(self, decided: Decided, request: ApprovalRequest, authors: Authors) -> str | None:
        """Why the decision of somebody who is known does not count; None when it does."""
        policy, starter = decided.policy, None
        if "starter" in policy.excluded and not self._is_automatic(request):
            starter = self._starter(request)
            if starter is None:
                return "CloudTrail does not know yet who started the promotion. Decide again in a few minutes."
        return refusal(policy, decided.who, authors, starter)

    def _who(self, decided: Decided) -> tuple[str, str] | None:
        step, given = decided.step, decided.given
        if given.proof is None:
            found = self.trail.starter(step.gate, step.started_at)
            return (found, "cloudtrail") if found else None
        proven = self.verify(given.proof, decision_of(decided.subject, step.environment, given))
        if not self.ledger.approvals.use_proof(proven.fingerprint, step.gate):
            raise RequestError("This proof of identity was used before: it counts once. Decide again.")
        return proven.arn, "proof"

    def _is_automatic(self, request: ApprovalRequest) -> bool:
        """Whether a merge started what asks, as the ledger notes it; a request that says so proves nothing."""
        return is_automatic(self.ledger, request.unit, request.execution, request.member_of)

    def _starter(self, request: ApprovalRequest) -> str | None:
        """Who started what asks by hand; of a train's member, who started the train."""
        train = self.ledger.trains.of_member(request.member_of, request.execution)
        if train:
            return self.trail.starter(train.execution, train.started_at)
        found = self.trail.starter(request.execution, datetime.fromisoformat(request.started_at))
        if found and role_of_session(found) == self.guardrails().organization.tooling_role_arn(TRAIN_ROLE):
            raise RequestError(
                f"A train started {request.execution}, and its request does not say which one: it was altered in the "
                "ledger, and nobody knows who started the train. Find out who writes there, then start it again."
            )
        return found

    def _not_known_yet(self, decided: Decided, request: ApprovalRequest) -> StepResult:
        step, given = decided.step, decided.given
        if self.clock() < step.started_at + _PATIENCE:
            message = "CloudTrail does not know yet who started this gate: it is minutes late."
            return StepResult(status=Status.IN_PROGRESS, message=message, retry_after=_WAIT_SECONDS)
        what = f"{step.unit} {step.environment} --release {given.release}"
        command = (
            f"{given.decision} {what}" if step.unit else f"train {given.decision} {given.release} {step.environment}"
        )
        message = (
            f"Nobody can tell who started this gate, and {decided.named} in {step.environment} asks for that. Decide "
            f"with: orchestrator {command}"
        )
        return self._verdicts.end(decided, Status.REFUSED, message, request)


def _altered(request: ApprovalRequest) -> str:
    """Why nobody can approve a request whose parts do not fit together: somebody else than Approve wrote it."""
    bound = (request.manifest_sha256, request.plan_hash)
    own = Entry(unit=request.unit, version=request.version, manifest_sha256=bound[0], plan_hash=bound[1])
    fits = bound_to(request.entries) == bound if request.train else request.entries == (own,)
    if fits:
        return ""
    return (
        f"The request of {name_of(request)} for {request.environment} was altered in the ledger: its releases are not "
        "those that it is bound to. Find out who writes there, then start the promotion again."
    )


def _look_at_plan(request: ApprovalRequest) -> str:
    train, environment = request.train, request.environment
    command = f"train approve {train} {environment}" if train else f"approve {request.unit} {environment}"
    release = "" if train else f" --release {request.version}"
    return (
        f"Look at it with 'orchestrator {command}{release}', which asks before it decides, or take 'plan' out of the "
        "last notification."
    )
