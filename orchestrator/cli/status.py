"""`orchestrator status`: what runs where, what is under way, and why something is not as it should be."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import click
from rich.table import Table

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.tables import show, table
from orchestrator.cli.train_view import train_line
from orchestrator.cli.unseen import UNSEEN, unseen_end
from orchestrator.errors import UnknownNameError
from orchestrator.ledger.controls import EVERY
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.promotions.waits import why_it_waits

_COLOURS = {
    "HEALTHY": "green",
    "FAILED": "red",
    "ROLLED_BACK": "yellow",
    "INTERRUPTED": "red",
    "DEPLOYING": "cyan",
    "DEPLOYED": "cyan",
}
_UNWELL = ("FAILED", "INTERRUPTED", "ROLLED_BACK")


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(status))


def status(
    context: click.Context,
    unit: Annotated[str | None, Argument(help="One unit; all when left out.")] = None,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """Show what runs where, promotions and trains under way, why the last ones failed, and what merges were refused."""
    here: Context = context.obj
    ledger, names = here.wiring.ledger, here.organization.environment_names
    matrix = read_matrix(ledger, names)
    last = ledger.promotions.last_ended()
    if unit is not None:
        if unit not in {*matrix, *last}:
            raise UnknownNameError("promotion of", unit, sorted({*matrix, *last}))
        matrix = {name: row for name, row in matrix.items() if name == unit}
        last = {name: order for name, order in last.items() if name == unit}
    under_way = ledger.promotions.under_way(unit)
    trains = [one for one in ledger.trains.under_way() if unit is None or unit in one.members]
    failed = failures(ledger, matrix, last)
    findings = ledger.branches.findings(here.organization.repository.branch)
    if output is Format.JSON:
        units = {unit: {name: cell.model_dump() for name, cell in row.items()} for unit, row in matrix.items()}
        say_json(
            {
                "units": units,
                "under_way": [one.model_dump() for one in under_way],
                "trains": [one.model_dump(mode="json") for one in trains],
                "failures": [one.model_dump() for one in failed],
                "problems": asdict(findings) if findings else None,
                "holds": [one.model_dump() for one in ledger.controls.holds()],
                "freezes": [one.model_dump() for one in ledger.controls.freezes()],
                "quarantined": [one.model_dump() for one in ledger.controls.quarantines()],
            }
        )
        return
    show(draw_matrix(matrix, names))
    for one in under_way:
        say(_line(here, one))
    for train in trains:
        say(f"train {train.name}: {train_line(here, train)}")
    for one in failed:
        say(f"failed: {one.unit}, {one.name} ({one.outcome}): {one.message}")
    for line in controls(ledger):
        say(line)
    if findings and unit is None:
        for problem in findings.problems:
            say(f"refused at {findings.commit[:12]}: {problem}")


def _line(here: Context, promotion: Promotion) -> str:
    """What a promotion is at: built, asked about, or lost."""
    since = f"since {promotion.started_at} ({promotion.name})"
    what = f"{promotion.unit}@{promotion.version}" if promotion.version else f"{promotion.unit}, at its build,"
    if ended := unseen_end(here.wiring.stepfunctions, promotion.execution):
        train = promotion.request.get("train")
        command = f"train status {train}" if train else f"retry {promotion.name}"
        go_on = f" Go on with: orchestrator {command}" if ended == UNSEEN else ""
        return f"{ended}: {what} {since}.{go_on}"
    asked = here.wiring.ledger.approvals.requests(promotion.unit)
    waits = [one for one in asked if (one.execution, one.status) == (promotion.execution, "PENDING")]
    how = "".join(
        f"; waits for approval: orchestrator approve {one.unit} {one.environment} --release {one.version}"
        for one in waits
    )
    reason = why_it_waits(here.wiring.stepfunctions, promotion.execution)
    return f"under way: {what} {since}{how}{f'; waits: {reason}' if reason else ''}"


def failures(ledger: Ledger, matrix: dict[str, dict[str, Running]], last: dict[str, str]) -> list[Promotion]:
    """The promotions that explain what is not as it should be: each unit's last one, and those behind its cells."""
    cells = ((unit, cell) for unit, row in matrix.items() for cell in row.values())
    orders = {*last.items(), *((unit, cell.order) for unit, cell in cells if cell.status in _UNWELL)}
    found = (ledger.promotions.promotion(unit, order) for unit, order in sorted(orders))
    return [one for one in found if one and one.status not in ("RUNNING", "SUCCEEDED")]


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
