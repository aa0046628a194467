"""`orchestrator status`: what runs where, and what is under way."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.tables import console, table
from orchestrator.ledger.controls import EVERY
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger

_COLOURS = {
    "HEALTHY": "green",
    "FAILED": "red",
    "ROLLED_BACK": "yellow",
    "INTERRUPTED": "red",
    "DEPLOYING": "cyan",
    "DEPLOYED": "cyan",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(
    context: typer.Context,
    output: Annotated[Format, typer.Option(help="What to print.")] = Format.TABLE,
) -> None:
    """Show what runs where, for all units, and the promotions under way."""
    here: Context = context.obj
    ledger, names = here.wiring.ledger, here.organization.environment_names
    matrix = read_matrix(ledger, names)
    under_way = ledger.promotions.under_way()
    if output is Format.JSON:
        units = {unit: {name: cell.model_dump() for name, cell in row.items()} for unit, row in matrix.items()}
        say_json(
            {
                "units": units,
                "under_way": [one.model_dump() for one in under_way],
                "holds": [one.model_dump() for one in ledger.controls.holds()],
                "freezes": [one.model_dump() for one in ledger.controls.freezes()],
                "quarantined": [one.model_dump() for one in ledger.controls.quarantines()],
            }
        )
        return
    console.print(draw_matrix(matrix, names))
    for one in under_way:
        say(f"under way: {one.unit}@{one.version or '?'} since {one.started_at} ({one.name})")
    for line in controls(ledger):
        say(line)


def controls(ledger: Ledger) -> Iterator[str]:
    """What keeps promotions back, a line for each."""
    for hold in ledger.controls.holds():
        yield f"on hold: {hold.unit} in {hold.environment} since {hold.since}: {hold.reason}"
    for freeze in ledger.controls.freezes():
        environment = "every environment" if freeze.environment == EVERY else freeze.environment
        unit = "" if freeze.unit == EVERY else f" for {freeze.unit}"
        yield f"frozen: {environment}{unit} until {freeze.until:%Y-%m-%d %H:%M} UTC: {freeze.reason}"
    for one in ledger.controls.quarantines():
        yield f"in quarantine: {one.unit}@{one.version} since {one.since}: {one.reason}"


def read_matrix(ledger: Ledger, environments: list[str]) -> dict[str, dict[str, Running]]:
    """What runs where, by unit and environment; one query for each environment."""
    matrix: dict[str, dict[str, Running]] = {}
    for name in environments:
        for running in ledger.environments.all_running(name):
            matrix.setdefault(running.unit, {})[name] = running
    return dict(sorted(matrix.items()))


def draw_matrix(matrix: dict[str, dict[str, Running]], environments: list[str]) -> Table:
    """Draw units by environments."""
    drawn = table("What runs where", "unit", *environments)
    for unit, row in matrix.items():
        drawn.add_row(unit, *(_cell(row.get(name)) for name in environments))
    return drawn


def _cell(running: Running | None) -> str:
    if running is None or running.version is None:
        return "[dim]-[/]"
    colour = _COLOURS.get(running.status, "white")
    note = "" if running.status == "HEALTHY" else f" [{colour}]{running.status.lower().replace('_', ' ')}[/]"
    return f"[{colour}]{running.version}[/]{note}"
