"""`orchestrator graph`: a unit's state machine, as a picture or as it is."""

from enum import StrEnum
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from state_machines.graph import mermaid
from state_machines.promotion import promotion


class GraphFormat(StrEnum):
    """How a state machine is shown."""

    MERMAID = "mermaid"
    ASL = "asl"


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(graph))


def graph(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name.")],
    commit: Annotated[str, Option(help="Commit, branch or tag.")] = "HEAD",
    form: Annotated[GraphFormat, Option("--format", help="What to print.")] = GraphFormat.MERMAID,
) -> None:
    """Show the state machine of a unit at a commit."""
    here: Context = context.obj
    catalog = here.catalog(commit)
    definition = promotion(catalog.unit(unit), catalog.organization)
    if form is GraphFormat.ASL:
        say_json(definition)
    else:
        say(mermaid(definition).rstrip("\n"))
