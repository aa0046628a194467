"""The live picture of promotions: a row for each unit, a cell for each environment."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from rich.live import Live
from rich.table import Table

from orchestrator.cli.tables import console, show, table
from orchestrator.promotions.progress import BUILD, Cell, CellState, Progress

_MARKS = {
    CellState.RUNNING: "[cyan]>[/]",
    CellState.WAITING: "[yellow]?[/]",
    CellState.PASSED: "[green]ok[/]",
    CellState.FAILED: "[red]failed[/]",
    CellState.ROLLED_BACK: "[red]rolled back[/]",
    CellState.SUPERSEDED: "[magenta]superseded[/]",
}


class Screen:
    """Shows promotions as they go on: redrawn in place in a terminal, once at the end elsewhere.

    Args:
        title: above the picture.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._live: Live | None = None

    def show(self, seen: Mapping[str, Progress], environments: Iterable[str]) -> None:
        """Draw how they stand now."""
        if not console.is_terminal:
            return
        if self._live is None:
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(picture(self._title, seen, environments), refresh=True)

    def pause(self) -> None:
        """Take the picture away, so that something can be said or asked."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def finish(self, seen: Mapping[str, Progress], environments: Iterable[str]) -> None:
        """Draw the end, to stay."""
        self.pause()
        show(picture(self._title, seen, environments))


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
