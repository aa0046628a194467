"""`orchestrator units`: what the repository holds."""

from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, complain, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.tables import show, table, text
from orchestrator.source.catalog import Catalog


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(units))


def units(
    context: click.Context,
    commit: Annotated[str, Argument(help="Commit, branch or tag.")] = "HEAD",
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """List the deployment units of the repository, and what is wrong with those that are not valid."""
    here: Context = context.obj
    catalog = here.catalog(commit)
    if output is Format.JSON:
        say_json(_document(catalog))
    else:
        _show(catalog)
    if catalog.problems:
        raise click.exceptions.Exit(1)


def _document(catalog: Catalog) -> dict[str, object]:
    return {
        "commit": catalog.commit.id,
        "units": [
            {
                "unit": unit.name,
                "version": unit.version,
                "folder": unit.folder,
                "digest": catalog.digest(unit.name),
                "inputs": [one.path for one in catalog.inputs[unit.name]],
                "environments": unit.environments(catalog.organization),
            }
            for unit in catalog.units.values()
        ],
        "problems": [str(problem) for problem in catalog.problems.values()],
    }


def _show(catalog: Catalog) -> None:
    shown = table(f"Units at {catalog.commit.id[:12]}", "unit", "version", "built from", "environments")
    for unit in catalog.units.values():
        ladder = [
            f"{name} (approval)" if unit.needs_approval(name, catalog.organization) else name
            for name in unit.environments(catalog.organization)
        ]
        inputs = ", ".join(one.path for one in catalog.inputs[unit.name])
        shown.add_row(unit.name, unit.version, text(inputs), " -> ".join(ladder))
    show(shown)
    for problem in catalog.problems.values():
        complain(str(problem))
