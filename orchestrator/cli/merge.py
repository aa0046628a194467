"""`orchestrator merge`: tell the orchestrator that the branch moved."""

import json
from typing import Annotated

import typer

from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.errors import OrchestratorError
from orchestrator.steps.on_merge import DETAIL_TYPE, SOURCE


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("merge")(merge)


def merge(
    context: typer.Context,
    commit: Annotated[str | None, typer.Argument(help="Commit; the branch's newest when left out.")] = None,
) -> None:
    """Put the merge event of a commit, as a git host does when something is merged."""
    here: Context = context.obj
    branch = here.organization.repository.branch
    found = here.repository.commit(commit or branch)
    put_merge(here, branch, found.id)
    say(f"Merge event put for {branch} at {found.id[:12]}: {found.subject}")


def put_merge(here: Context, branch: str, commit: str) -> None:
    """Put the event on the tooling account's default bus."""
    events = here.wiring.session.client("events", config=CLIENT)
    detail = json.dumps({"branch": branch, "commit": commit})
    answer = events.put_events(Entries=[{"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail}])
    if answer["FailedEntryCount"]:
        raise OrchestratorError(f"EventBridge did not take the merge event: {answer['Entries'][0]}")
