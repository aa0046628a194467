"""Which of two promotions is newer, and what the older one is told."""

from orchestrator.ledger.environments import Running
from orchestrator.steps.contract import Execution, Release


def superseded_by(running: Running, execution: Execution) -> bool:
    """Whether a newer promotion has been in the environment already.

    What is newest is decided by the order in which promotions started, never by comparing versions: going back
    to an older release is a promotion like any other.
    """
    return running.order > execution.order


def superseded_message(release: Release, environment: str, version: str | None) -> str:
    """What a promotion says that ends because of a newer one."""
    newer = f"{release.unit}@{version}" if version else "a newer promotion"
    return f"{release.name} is superseded in {environment} by {newer}, which started later."
