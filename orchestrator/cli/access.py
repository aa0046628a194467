"""`orchestrator access`: print the IAM policy of a role of people, limited to some units."""

import re
from typing import Annotated

import click

from infra.tooling.names import Names
from infra.tooling.people.policies import limited_policy, role_named
from orchestrator.cli.context import Context
from orchestrator.cli.output import say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.errors import RequestError

_PREFIX = re.compile("[a-z][a-z0-9_-]{0,39}")


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(access))


def access(
    context: click.Context,
    role: Annotated[str, Argument(help="The role, such as operator or approver.")],
    units: Annotated[str, Option(help="Only units whose names begin like this; all when left out.")] = "",
    environment: Annotated[str | None, Option(help="Only the gates of this environment; all when left out.")] = None,
) -> None:
    """Print the IAM policy of a role, for all units or some; the managed policies are those for all units."""
    ctx: Context = context.obj
    if units and not _PREFIX.fullmatch(units):
        raise RequestError(
            f"--units {units!r} is not the beginning of a unit's name: a small letter, then small letters, digits, "
            "'_' and '-', such as billing-. It is no pattern: leave '*' out."
        )
    if environment:
        ctx.organization.environment(environment)
    say_json(limited_policy(role_named(role), Names(ctx.organization), units, environment))
