"""`orchestrator publish-source`: put a commit where the orchestrator reads it, from the CI of any git host."""

import os
from typing import Annotated

import click

from orchestrator.aws.merge_event import put_merge
from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import complain, say
from orchestrator.cli.parameters import Option, command
from orchestrator.config import organization as organization_file
from orchestrator.errors import ConfigurationError
from orchestrator.source.facts import PYPROJECT
from orchestrator.source.refs.checkout import Checkout
from orchestrator.source.snapshots.bucket import Place, SnapshotBucket
from orchestrator.source.snapshots.publish import Published, Publisher

_HEAD = "HEAD"


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(publish_source))


def publish_source(
    context: click.Context,
    commit: Annotated[str, Option(help="Commit, branch or tag of this clone.")] = _HEAD,
    branch: Annotated[
        str | None, Option(help="The branch that it is the newest commit of; that of orchestrator.toml.")
    ] = None,
    force: Annotated[bool, Option(help="Move the branch back, too, as after a forced push.")] = False,  # noqa: FBT002  # A switch, which is given by its name.
) -> None:
    """Publish a commit into S3 for a repository that AWS cannot reach, and put its merge event."""
    here: Context = context.obj
    place, promoted = _place(here), here.organization.repository.branch
    name = branch or promoted
    found = here.repository.commit(commit)
    if name == promoted:
        Checkout(here.repository, os.environ).require_merged(found.id, promoted, is_said=branch is not None)
    bucket = SnapshotBucket(here.wiring.session.client("s3", config=CLIENT), place)
    publisher = Publisher(here.git, bucket, (PYPROJECT, organization_file.FILE_NAME))
    _tell(found.id, publisher.publish(found.id, name), place)
    now = publisher.move(name, found.id, force=force)
    if now != found.id:
        say(f"{name} is at {now[:12]} already, which is newer: nothing else is done. --force moves it back.")
        return
    put_merge(here.wiring.session.client("events", config=CLIENT), name, found.id)
    say(f"Merge event put for {name} at {found.id[:12]}: {found.subject}")


def _place(here: Context) -> Place:
    url = here.organization.repository.url or ""
    if not url.startswith("s3://"):
        example = f"s3://{here.organization.tooling.bucket}/source"
        raise ConfigurationError(
            organization_file.FILE_NAME,
            f"repository.url = {url!r} is not where snapshots go: the orchestrator would not read them. For a "
            f'repository that is published, write [repository] url = "{example}", and have an administrator run '
            "'orchestrator guardrails apply', then 'orchestrator bootstrap'.",
        )
    return Place.parse(url)


def _tell(commit: str, published: Published, place: Place) -> None:
    if published.is_new:
        say(f"Published {commit[:12]} to {place}; new packs of files: {published.written}.")
    else:
        say(f"{commit[:12]} was published to {place} before.")
    for path in published.left_out:
        complain(f"Left out, because it is too large: {path}")
