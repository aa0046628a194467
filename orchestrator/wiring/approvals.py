"""Wires what approvals of promotions need."""

from typing import TYPE_CHECKING, Any

from botocore.httpsession import URLLib3Session

from orchestrator.aws.session import CLIENT
from orchestrator.wiring.wiring import Wiring, now

if TYPE_CHECKING:
    from orchestrator.steps.decide import Decider
    from orchestrator.steps.request_approval import ApprovalRequester


class ApprovalWiring(Wiring):
    """Puts the steps of an approval together."""

    def request_approval(self) -> "ApprovalRequester":
        """Wire Approve."""
        from orchestrator.steps.request_approval import ApprovalRequester

        topic = self.settings["approvals_topic"]
        return ApprovalRequester(self.ledger, self.store, self.stepfunctions, self.sns, topic, self.executions.is_alive)

    def decide(self) -> "Decider":
        """Wire Decide."""
        from orchestrator.identity.proof import Verifier
        from orchestrator.identity.trail import Trail
        from orchestrator.steps.decide import Decider

        sts = self.session.client("sts", config=CLIENT)
        # What it asks is the repository's and people's: no redirect is followed, and nothing else is trusted.
        trusted: Any = self._certificates or True  # The stubs know no file here.
        http = URLLib3Session(verify=trusted, timeout=10)
        trail = Trail(self.session.client("cloudtrail", config=CLIENT))
        verify = Verifier(sts, lambda request: http.send(request), now)  # noqa: PLW0108  # Its answer's type is wider.
        return Decider(self.ledger, self.stepfunctions, verify, trail, now, self.guardrails)
