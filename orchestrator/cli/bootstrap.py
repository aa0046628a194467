"""`orchestrator bootstrap`: install the static infrastructure in all accounts."""

from functools import partial
from typing import Annotated

import boto3
import click

from orchestrator.aws.session import CLIENT, Assumer
from orchestrator.bootstrap.bundle import SIGNING, make_builder, make_bundle
from orchestrator.bootstrap.guardrails import agreed, find_guardrails, records_of
from orchestrator.bootstrap.install import Bootstrap, Effect, Installed
from orchestrator.bootstrap.sessions import ORGANIZATION_ROLE, MemberAccounts
from orchestrator.bootstrap.synth import synthesize
from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import Option, command
from orchestrator.cli.tables import console
from orchestrator.cli.webhook import webhook_url
from orchestrator.config.organization import Organization
from orchestrator.wiring.wiring import now

_COLOURS = {Effect.CREATED: "green", Effect.UPDATED: "yellow", Effect.UNCHANGED: "dim"}


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(bootstrap))


def bootstrap(
    context: click.Context,
    role: Annotated[str, Option(help="What is assumed in every other account.")] = ORGANIZATION_ROLE,
    *,
    validate: Annotated[bool, Option(help="Let CDK check its templates: takes seconds more.")] = True,
) -> None:
    """Install the orchestrator in the tooling account and in every target. Running it again changes nothing."""
    here: Context = context.obj
    organization = _agreed(here, role)
    with console.status("making the templates (CDK)"):
        templates = synthesize(organization, validate=validate)
    installed = install(here, organization, templates, role)
    changed = [one for one in installed if one.effect is not Effect.UNCHANGED]
    say("Everything is in place." if changed else "Everything was in place already; nothing was changed.")
    if here.organization.repository.on_github:
        tooling = here.organization.tooling
        url = webhook_url(_sessions(here, role)(tooling.account, tooling.region))
        say(f"GitHub is to send pushes to {url} ('orchestrator webhook' says how to set that up).")


def _agreed(here: Context, role: str) -> Organization:
    """What is installed: of the recorded guardrails, with which the working tree's file must agree."""
    tooling = here.organization.tooling
    session = _sessions(here, role)(tooling.account, tooling.region)
    return agreed(here.organization, find_guardrails(records_of(session, now)))


def _sessions(here: Context, role: str) -> MemberAccounts:
    assume = Assumer(here.session().client("sts", config=CLIENT), boto3.Session)
    return MemberAccounts(here.session, here.account, assume, role)


def _bootstrap(organization: Organization, templates: dict[str, str], sessions: MemberAccounts) -> Bootstrap:
    more = SIGNING if organization.repository.on_github else ()
    bundle, builder = partial(make_bundle, more=more), partial(make_builder, more=more)
    return Bootstrap(organization, sessions, templates, bundle=bundle, builder=builder)


def install(
    here: Context, organization: Organization, templates: dict[str, str], role: str = ORGANIZATION_ROLE
) -> list[Installed]:
    """Install, showing each thing when it is in place."""
    done: list[Installed] = []
    with console.status("installing") as progress:
        for one in _bootstrap(organization, templates, _sessions(here, role)).install():
            done.append(one)
            progress.update(f"installed {len(done)}: {one.what}")
            console.print(f"  [{_COLOURS[one.effect]}]{one.effect:<9}[/] {one.what} in {one.where}", highlight=False)
    return done
