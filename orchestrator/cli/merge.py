"""`orchestrator merge`: tell the orchestrator that the branch moved."""

from typing import Annotated

import click
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.merge_event import put_merge
from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import note, say
from orchestrator.cli.parameters import Argument, command
from orchestrator.errors import SourceError
from orchestrator.source.refs.branch import full_ref
from orchestrator.source.refs.merged import UnmergedError


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
    _check_merged(here, branch, found.id)
    tell(here, branch, found.id)
    say(f"Merge event put for {branch} at {found.id[:12]}: {found.subject}")


def _check_merged(here: Context, branch: str, commit: str) -> None:
    """Refuse a commit that nothing would follow from, where the repository that the orchestrator reads can be asked.

    Raises:
        UnmergedError: the branch does not contain it.
    """
    try:
        is_merged = here.wiring.merge_rule.is_merged(commit)
    except (SourceError, ClientError, BotoCoreError) as error:
        note(f"Whether {branch} contains the commit cannot be asked from here: {error}")
        return
    if not is_merged:
        raise UnmergedError(
            f"{branch} of {here.wiring.repository.url} does not contain the commit {commit}, so nothing of it is "
            f"promoted, and no event was put. Merge it into {branch} and push that, then run this again."
        )


def tell(here: Context, branch: str, commit: str) -> None:
    """Put the event on the tooling account's default bus."""
    put_merge(here.wiring.session.client("events", config=CLIENT), branch, commit)
