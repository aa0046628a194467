"""`orchestrator webhook`: what to enter in GitHub, so that it tells of merges."""

from typing import TYPE_CHECKING

import click

from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import command
from orchestrator.config.infrastructure import TOOLING_STACK, WEBHOOK_SECRET, WEBHOOK_URL
from orchestrator.errors import RequestError
from orchestrator.source.github.address import GitHubAddress

if TYPE_CHECKING:
    import boto3


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(webhook))


def webhook(context: click.Context) -> None:
    """Say what to enter in GitHub, so that it tells of merges; the secret itself is not shown."""
    here: Context = context.obj
    url = webhook_url(here.wiring.session)
    if url is None:
        raise RequestError(
            "There is no webhook: bootstrap makes one when repository.url in orchestrator.toml is on GitHub, such as "
            "github://github.com/acme/shop. Set it, and have an administrator run 'orchestrator guardrails apply', "
            "then 'orchestrator bootstrap'."
        )
    address = GitHubAddress.parse(str(here.organization.repository.url))
    region = here.organization.tooling.region
    say(
        f"Add a webhook at https://{address.host}/{address.full_name}/settings/hooks/new:\n"
        f"  Payload URL       {url}\n"
        "  Content type      application/json\n"
        f"  Secret            'current' of: aws secretsmanager get-secret-value --secret-id {WEBHOOK_SECRET} "
        f"--region {region} --query SecretString --output text\n"
        "  SSL verification  enabled\n"
        "  Events            just the push event"
    )


def webhook_url(session: "boto3.Session") -> str | None:
    """Where GitHub sends deliveries to; None when the installation has no webhook.

    Args:
        session: of the tooling account.
    """
    (stack,) = session.client("cloudformation", config=CLIENT).describe_stacks(StackName=TOOLING_STACK)["Stacks"]
    found = (one["OutputValue"] for one in stack.get("Outputs", []) if one["OutputKey"] == WEBHOOK_URL)
    return next(found, None)
