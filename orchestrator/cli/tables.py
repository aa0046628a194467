"""Tables for people. Apart from the rest of the output, because Rich takes a while to import."""

from rich.console import Console
from rich.table import Table

console = Console()


def table(title: str, *columns: str) -> Table:
    """A table in the common style."""
    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
