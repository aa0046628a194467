"""Who wrote and pushed what is decided on: out of plans, whose hashes are decided on, and not out of the request."""

from typing import Protocol

from orchestrator.decisions.document import Entry
from orchestrator.frozen import dataclass
from orchestrator.identity.policy import Authors
from orchestrator.releases import layout
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.plan_document import Plan


class DecidedOn(Protocol):
    """What a request for approval, and each decision on it, tells of the plans."""

    @property
    def execution(self) -> str:
        """ARN of the promotion or the train that asks."""

    @property
    def environment(self) -> str:
        """The environment's name."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The releases, each with the hash of its plan."""


@dataclass(frozen=True)
class PlanAuthors:
    """Reads authors.

    Args:
        store: keeps the plans.
    """

    store: ArtifactStore

    def __call__(self, asked: DecidedOn) -> Authors:
        """Everybody who wrote or pushed what a decision is on; raises `ArtifactError` when a plan was altered."""
        execution = asked.execution.rsplit(":", 1)[-1]
        plans = [
            Plan.read(self.store, layout.plan_key(one.unit, execution, asked.environment), one.plan_hash)
            for one in asked.entries
        ]
        found = dict.fromkeys(author for one in plans for author in one.authors)
        pushers = dict.fromkeys(pusher for one in plans for pusher in one.pushers)
        is_complete = bool(plans) and all(one.authors_complete for one in plans)
        return Authors(tuple(found), is_complete, tuple(pushers))
