"""The demonstration plays the host of its repository: it tells who pushed, as GitHub's webhook does."""

from datetime import UTC, datetime

from orchestrator.aws.merge_event import put_push
from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.source.pushes.push import Push, github_pusher

PUSHER = github_pusher("demo")


def push(here: Context, branch: str, commit: str) -> None:
    """Put the event of a push to the branch."""
    (before,) = here.repository.commit(commit).parents or (None,)
    event = Push(before=before, pushed_by=PUSHER, at=datetime.now(UTC))
    put_push(here.wiring.session.client("events", config=CLIENT), branch, commit, event)
