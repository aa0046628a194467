"""Whether a release may enter an environment that asks for approval: only a decision that is kept says so.

What an execution's document says of an approval, and what the ledger says, only tells where the decision lies. It is
judged by the rules of today: guardrails may have changed since people decided, and so may what is merged.
"""

from collections.abc import Callable

from orchestrator.decisions.document import Approval, Decision, Entry
from orchestrator.decisions.records import DecisionRecords
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.policy import policy_in
from orchestrator.identity.policy import ApprovalPolicy, Authors, missing, refusal, required
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import ApprovalResult, Release, Status, StepInput, StepResult
from orchestrator.steps.origin import is_automatic
from orchestrator.trains.names import child_name


@dataclass(frozen=True)
class Approvals:
    """Judges decisions.

    Args:
        ledger: knows what merges started.
        decisions: keeps decisions.
        guardrails: reads the rules, and which principals are which persons.
        authors: tells who wrote what a decision is about, by the plans that it names.
    """

    ledger: Ledger
    decisions: DecisionRecords
    guardrails: Callable[[], Guardrails]
    authors: Callable[[Decision], Authors]

    def refusal(self, step: StepInput, plan_hash: str, answer: ApprovalResult | None) -> StepResult | None:
        """Refuse a release that no decision lets in; None when one does.

        Args:
            step: the promotion.
            plan_hash: of the plan that is to be carried out.
            answer: what the promotion was answered, by whomever: where the decision lies.

        Raises:
            ArtifactError: a plan that the decision names is missing, or was altered.
        """
        where = answer.decision if answer else None
        decision = self.decisions.read(where) if where else None
        reason = self.against(decision, step, plan_hash) if decision else "no decision was made on it"
        if not reason:
            return None
        message = f"{step.release.name} is not approved for {step.environment.name}: {reason}. It is planned again."
        return StepResult(status=Status.NOT_APPROVED, message=message)

    def against(self, decision: Decision, step: StepInput, plan_hash: str) -> str:
        """Say why a decision does not let a promotion in; empty when it does.

        Raises:
            ArtifactError: a plan that it names is missing, or was altered.
        """
        return lets_in(decision, step, entry_of(step.release, plan_hash)) or self._too_few(decision, step)

    def _too_few(self, decision: Decision, step: StepInput) -> str:
        """Say why an approval is no longer enough: other people must decide now, or more of them."""
        policy = policy_in(self.guardrails(), step.environment, step.merged)
        if "starter" in policy.excluded and not self._starter_is_judged(decision, step, policy):
            return "its starter may not decide, and nobody asked then who that is"
        authors = self.authors(decision) if "author" in policy.excluded else Authors()
        needed = required(policy, authors)
        problems = {one: _problem(policy, one, authors) for one in decision.approvals}
        counting = [one.identity for one, problem in problems.items() if not problem]
        lacking = missing(policy.model_copy(update={"approvals": needed}), counting)
        if not lacking:
            return ""
        reasons = "".join(f"; {problem.rstrip('.')}" for problem in problems.values() if problem)
        return f"it has {needed - lacking} of the {needed} approvals that are asked for now{reasons}"

    def _starter_is_judged(self, decision: Decision, step: StepInput, policy: ApprovalPolicy) -> bool:
        """Whether people decided by a policy that kept the starter out, going by the same persons as now."""
        then = decision.policy
        same = (then.people, then.named_session_roles) == (policy.people, policy.named_session_roles)
        is_judged = same and "starter" in then.excluded
        return is_judged or is_automatic(self.ledger, decision.unit, decision.execution, step.request.train)


def entry_of(release: Release, plan_hash: str) -> Entry:
    """What a decision on a release and a plan must name."""
    return Entry(
        unit=release.unit, version=release.version, manifest_sha256=release.manifest_sha256, plan_hash=plan_hash
    )


def lets_in(decision: Decision, step: StepInput, entry: Entry) -> str:
    """Why a decision does not let a promotion's release into its environment; empty when it does."""
    name, train = step.environment.name, decision.train
    if (decision.environment, decision.settles) != (name, True):
        return f"the decision is not one for {name}"
    if decision.status != Status.APPROVED:
        return f"it was {decision.status.lower()}"
    if entry not in decision.entries:
        return f"the decision is not on this release and this plan ({entry.plan_hash[:12]})"
    if train is None:
        own = (decision.unit, decision.execution) == (step.release.unit, step.execution.id)
        return "" if own else "the decision was made for another promotion"
    return "" if _moves_member(train, step) else f"it is not the promotion that the train {train} starts"


def _moves_member(train: str, step: StepInput) -> bool:
    """Whether a promotion is the one that a train starts to bring a member into an environment."""
    is_named = step.execution.name == child_name(train, step.environment.name)
    return is_named and step.request.train == train


def _problem(policy: ApprovalPolicy, approval: Approval, authors: Authors) -> str:
    """Say why an approval does not count by a policy; empty when it does. Its starter is judged apart."""
    if not approval.identity:
        return "nobody knows who approved" if policy.demands_identity else ""
    try:
        return refusal(policy, approval.identity, authors, None) or ""
    except RequestError as error:
        return str(error)
