"""Who wrote and pushed what is decided on: out of plans, whose hashes are decided on, and not out of the request."""

from orchestrator.frozen import dataclass
from orchestrator.identity.policy import Authors
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.releases import layout
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.plan_document import Plan


@dataclass(frozen=True)
class PlanAuthors:
    """Reads authors.

    Args:
        store: keeps the plans.
    """

    store: ArtifactStore

    def __call__(self, request: ApprovalRequest) -> Authors:
        """Everybody who wrote or pushed what a request is about; raises `ArtifactError` when a plan was altered."""
        execution = request.execution.rsplit(":", 1)[-1]
        plans = [
            Plan.read(self.store, layout.plan_key(one.unit, execution, request.environment), one.plan_hash)
            for one in request.entries
        ]
        found = dict.fromkeys(author for one in plans for author in one.authors)
        pushers = dict.fromkeys(pusher for one in plans for pusher in one.pushers)
        is_complete = bool(plans) and all(one.authors_complete for one in plans)
        return Authors(tuple(found), is_complete, tuple(pushers))
