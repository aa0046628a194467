"""The rule by which a deployment waits for people. Plan asks it, and Deploy again: guardrails may have changed."""

from orchestrator.ledger.environments import Running
from orchestrator.steps.contract import StepInput


def requires_approval(step: StepInput, running: Running) -> bool:
    """Whether people must decide before a release is deployed.

    Going back to a release that worked there needs nobody, unless `rollback_approval` says so. A merge can name another
    stack: a release that never worked in that one is as new there as any other.

    Args:
        step: the promotion, with the rules of its environment.
        running: what runs there, and which releases worked.
    """
    goes_back = step.request.rollback and running.has_worked(step.release.version, step.stack_name)
    return step.rules.requires_approval and not (goes_back and not step.rules.rollback_approval)
