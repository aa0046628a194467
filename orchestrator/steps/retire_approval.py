"""Approval of a deletion: an environment that asks for approvals of deployments asks for them here, too."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.config.environment import Environment
from orchestrator.config.unit import unit_for
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.policy import policy_in
from orchestrator.guardrails.rules import rules, tightening
from orchestrator.identity.policy import Authors, missing, refusal
from orchestrator.ledger.retirements import RetirementRecords
from orchestrator.source.demand import Demand

if TYPE_CHECKING:
    from orchestrator.identity.proof import Proven


def deletion(unit: str, environment: str, stack: str, commit: str) -> dict[str, str]:
    """What a proof of identity is signed for.

    Args:
        unit: the unit that is gone.
        environment: where its stack is deleted.
        stack: what that is called.
        commit: the one that removed the unit, as the ledger has it.
    """
    return {"retire": unit, "environment": environment, "stack": stack, "commit": commit}


@dataclass(frozen=True)
class RetireApprovals:
    """Counts approvals of deletions.

    Args:
        records: who agreed.
        verify: finds out who signed a proof of identity; raises `RequestError` where it is not one.
        guardrails: reads which principals may agree, and which persons they are.
    """

    records: RetirementRecords
    verify: "Callable[[str, dict[str, str]], Proven]"
    guardrails: Callable[[], Guardrails]

    def __call__(self, demand: Demand, environment: Environment, stack: str, proof: str | None) -> str:
        """Count the caller's approval, if there is one.

        Args:
            demand: what was called for last: that the unit is retired, and the settings that it had.
            environment: where its stack is deleted, as the guardrails have it.
            stack: what that is called.
            proof: the caller's proof of identity.

        Returns:
            What is still missing, in a sentence; empty when it may be deleted.

        Raises:
            RequestError: the proof is not valid, or the caller may not approve there.
        """
        merged = tightening(unit_for(demand.unit, demand.pipeline), environment)
        if not rules(environment, merged).requires_approval:
            return ""
        policy = policy_in(self.guardrails(), environment, merged)
        place = (demand.unit, environment.name, demand.commit)
        if proof:
            who = self.verify(proof, deletion(demand.unit, environment.name, stack, demand.commit)).arn
            # Whoever removed the folder is not asked for: a deletion has no author.
            if problem := refusal(policy, who, Authors(complete=True), None):
                raise RequestError(f"The stack {stack} in {environment.name} is not deleted: {problem}")
            self.records.approve(*place, who)
        lacking = missing(policy, self.records.approved_by(*place))
        if not lacking:
            return ""
        return (
            f"{environment.name} asks for {policy.approvals} approvals, and {lacking} of this deletion "
            f"{'is' if lacking == 1 else 'are'} missing: within a day, another approver must run "
            f"'orchestrator retire {demand.unit} --delete'."
        )
