"""`orchestrator merge`: tell the orchestrator that the branch moved."""

from typing import Annotated

import click

from orchestrator.aws.merge_event import put_merge
from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import Argument, command
from orchestrator.source.refs.branch import full_ref


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(merge))


def merge(
    context: click.Context,
    commit: Annotated[str | None, Argument(help="Commit; the branch's newest when left out.")] = None,
) -> None:
    """Put the merge event of a commit, as a git host does when something is merged."""
    here: Context = context.obj
    branch = here.organization.repository.branch
    found = here.repository.commit(commit or full_ref(branch))
    here.require_installed()
    tell(here, branch, found.id)
    say(f"Merge event put for {branch} at {found.id[:12]}: {found.subject}")


def tell(here: Context, branch: str, commit: str) -> None:
    """Put the event on the tooling account's default bus."""
    put_merge(here.wiring.session.client("events", config=CLIENT), branch, commit)
