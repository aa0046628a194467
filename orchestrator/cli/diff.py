"""`orchestrator diff`: what differs between two releases of a unit."""

from typing import Annotated

import click

from orchestrator.build.release_diff import ReleaseDiff, diff_of
from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.tables import show, table, text


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(diff))


def diff(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name.")],
    before: Annotated[str, Argument(metavar="V1", help="The older version.")],
    after: Annotated[str, Argument(metavar="V2", help="The newer version.")],
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """Show which requirements, files, resources and settings differ between two releases."""
    here: Context = context.obj
    releases = [here.wiring.ledger.releases.release(unit, version) for version in (before, after)]
    found = diff_of(here.wiring.store, *releases)
    if output is Format.JSON:
        say_json({"unit": unit, "before": before, "after": after, **found.model_dump()})
        return
    _draw(f"{unit}: {before} to {after}", found)


def _draw(title: str, found: ReleaseDiff) -> None:
    drawn = table(title, "part", "", "what", "before", "after")
    for part, differences in found:
        for one in differences:
            drawn.add_row(part, one.kind, text(one.what), *(text(_short(value)) for value in (one.before, one.after)))
    if drawn.row_count:
        show(drawn)
    else:
        say("The two releases are the same but for their versions and commits.")


def _short(value: object) -> str:
    """A value for a cell."""
    if value is None:
        return ""
    if isinstance(value, dict) and value.keys() == {"sha256", "size"}:
        return f"{value['size']} bytes, {str(value['sha256'])[:12]}"
    return str(value)
