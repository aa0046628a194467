"""The policy that decisions are judged by: an environment's rules, and the guardrails' facts about persons."""

from orchestrator.config.environment import Environment
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.rules import Tightening, rules
from orchestrator.identity.policy import ApprovalPolicy


def policy_in(recorded: Guardrails, environment: Environment, merged: Tightening) -> ApprovalPolicy:
    """Combine what is recorded of an environment, what a merge adds, and which principals are which persons.

    Args:
        recorded: the guardrails.
        environment: as they describe it.
        merged: what the repository adds.
    """
    facts = {
        "accounts": environment.approver_accounts or (recorded.organization.tooling.account,),
        "named_session_roles": recorded.named_session_roles,
        "people": recorded.organization.people,
    }
    return rules(environment, merged).policy.model_copy(update=facts)
