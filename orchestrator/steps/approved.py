"""Whether a release may enter an environment that asks for approval: only a decision that is kept says so.

What an execution's document says of an approval, and what the ledger says, only tells where the decision lies.
"""

from orchestrator.decisions.document import Decision, Entry
from orchestrator.decisions.records import DecisionRecords
from orchestrator.steps.contract import ApprovalResult, Release, Status, StepInput, StepResult
from orchestrator.trains.names import child_name


def refuse_unapproved(
    decisions: DecisionRecords, step: StepInput, plan_hash: str, answer: ApprovalResult | None
) -> StepResult | None:
    """Refuse a release that no decision lets in; None when one does.

    Args:
        decisions: keeps them.
        step: the promotion.
        plan_hash: of the plan that is to be carried out.
        answer: what the promotion was answered, by whomever: where the decision lies.
    """
    where = answer.decision if answer else None
    decision = decisions.read(where) if where else None
    entry = entry_of(step.release, plan_hash)
    reason = "no decision was made on it"
    if decision:
        reason = lets_in(decision, step, entry) or _too_few(decision, step)
    if not reason:
        return None
    message = f"{step.release.name} is not approved for {step.environment.name}: {reason}. It is planned again."
    return StepResult(status=Status.NOT_APPROVED, message=message)


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


def _too_few(decision: Decision, step: StepInput) -> str:
    """Why an approval is no longer enough: more people are asked for than when it was made."""
    count, needed = len(decision.approvals), step.rules.policy.approvals
    return f"it has {count} of the {needed} approvals that are asked for now" if count < needed else ""
