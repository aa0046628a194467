"""The live picture of promotions: a row for each unit, a cell for each environment."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from rich.table import Table

from orchestrator.cli.output import table
from orchestrator.promotions.progress import BUILD, Cell, CellState, Progress

_MARKS = {
    CellState.RUNNING: "[cyan]>[/]",
    CellState.WAITING: "[yellow]?[/]",
    CellState.PASSED: "[green]ok[/]",
    CellState.FAILED: "[red]failed[/]",
    CellState.ROLLED_BACK: "[red]rolled back[/]",
    CellState.SUPERSEDED: "[magenta]superseded[/]",
}


def picture(title: str, seen: Mapping[str, Progress], environments: Iterable[str]) -> Table:
    """Draw promotions by unit."""
    now = datetime.now(UTC)
    names = list(environments)
    drawn = table(title, "unit", "release", BUILD, *names)
    for unit, one in seen.items():
        drawn.add_row(unit, one.version or "", *(_cell(one.cells.get(name), now) for name in [BUILD, *names]))
    return drawn


def _cell(cell: Cell | None, now: datetime) -> str:
    if cell is None:
        return "[dim]-[/]"
    step = f" {cell.step}" if cell.ended is None else ""
    return f"{_MARKS[cell.state]}{step} [dim]{cell.seconds(now):.1f}s[/]"
