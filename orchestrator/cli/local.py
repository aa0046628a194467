"""`orchestrator local`: the embedded cloud, for trying everything without an AWS account."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import boto3
import click

from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import Option, group
from orchestrator.config.organization import Organization
from orchestrator.local.accounts import create_organization_role, profiles, write_profiles
from orchestrator.local.cloud import DEFAULT_PORT, LocalCloud, Process

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

STATE_FOLDER = Path(".orchestrator", "local")

Port = Annotated[
    int | None,
    Option(help=f"The port at 127.0.0.1; the last one, or {DEFAULT_PORT}, when left out.", min=1, max=65535),
]


def register(app: click.Group) -> None:
    """Add the commands below `local`."""
    app.add_command(group(local, up, down, status))


def local() -> None:
    """Run the embedded cloud: MiniStack with IAM enforced. What is in it is kept when it is stopped."""


def up(context: click.Context, port: Port = None) -> None:
    """Start the embedded cloud with an account for each one that `orchestrator.toml` names."""
    here: Context = context.obj
    organization = here.organization  # Without it there are no accounts, and nothing is started.
    folder = here.root / STATE_FOLDER
    cloud = LocalCloud(folder, port or LocalCloud(folder).last_port or DEFAULT_PORT, keep=True)
    known = cloud.running()
    process = cloud.up()
    file = prepare(cloud, process, organization)
    say(f"The embedded cloud {'was already running' if known else 'is up'} at {process.endpoint_url}.")
    say("Use it with:")
    # AWS_CA_BUNDLE would win over the profile's, so it is named too.
    say(f"  export AWS_CONFIG_FILE={file} AWS_PROFILE=tooling AWS_CA_BUNDLE={process.certificate}")
    say("Profiles: " + ", ".join(profiles(organization)))


def down(
    context: click.Context,
    *,
    forget: Annotated[bool, Option("--forget", help="Drop all that is in it.")] = False,
) -> None:
    """Stop the embedded cloud; what is in it is there again after the next 'up'. Promotions that run are lost."""
    here: Context = context.obj
    cloud = LocalCloud(here.root / STATE_FOLDER, keep=True)
    say("The embedded cloud is stopped." if cloud.down() else "The embedded cloud was not running.")
    if forget:
        cloud.forget()
        say("What was in it is gone.")


def status(context: click.Context) -> None:
    """Say whether the embedded cloud runs; exits 1 when it does not."""
    here: Context = context.obj
    process = LocalCloud(here.root / STATE_FOLDER).running()
    if process is None:
        say("The embedded cloud is not running. Start it with 'orchestrator local up'.")
        raise click.exceptions.Exit(1)
    say(f"The embedded cloud runs at {process.endpoint_url} (process {process.pid}).")


def prepare(cloud: LocalCloud, process: Process, organization: Organization) -> Path:
    """Give every account what AWS Organizations would give it, and write the profiles; returns their file."""
    accounts = profiles(organization)
    management = organization.tooling.account
    for account in {account for account, _ in accounts.values()} - {management}:
        create_organization_role(_iam(account, process, organization), management)
    file = cloud.folder / "aws-config"
    write_profiles(file, accounts, process)
    return file.absolute()


def _iam(account: str, process: Process, organization: Organization) -> "IAMClient":
    """IAM as the root of an account of the embedded cloud: its access key is the account's number."""
    session = boto3.Session(
        aws_access_key_id=account,
        aws_secret_access_key="test",  # noqa: S106  # The embedded cloud's own, known to everybody.
        region_name=organization.tooling.region,
    )
    return session.client("iam", config=CLIENT, endpoint_url=process.endpoint_url, verify=str(process.certificate))
