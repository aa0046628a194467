"""Tables for people. Apart from the rest of the output, because Rich takes a while to import.

Names are never broken: they are copied into the next command. Where a terminal is too narrow for them, and in what goes
into a file or another program, a table is plain: a line for each row, without a frame.
"""

import io

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from orchestrator.cli.output import harmless, say

console = Console()
# Columns of text, which may be broken between words; all others hold names, versions and times.
_TEXT = ("what happened", "why", "what", "result", "built from", "before", "after")
_UNBOUNDED = 100_000
_NARROWEST_TEXT = 20


def table(title: str, *columns: str) -> Table:
    """A table in the common style."""
    heading = Text(title, no_wrap=True, overflow="ignore")
    made = Table(title=heading, title_justify="left", header_style="bold")
    for column in columns:
        is_text = column in _TEXT
        made.add_column(column, overflow="fold", no_wrap=not is_text, min_width=_NARROWEST_TEXT if is_text else None)
    return made


def show(made: Table) -> None:
    """Print a table."""
    needed = Measurement.get(console, console.options.update(max_width=_UNBOUNDED), made).minimum
    if console.is_terminal and needed <= console.width:
        console.print(made)
    else:
        say(plain(made))


def text(content: object) -> str:
    """A cell that shows just this: what others wrote may look like Rich's markup, or like what a terminal obeys."""
    return escape(harmless(str(content)))


def plain(made: Table) -> str:
    """A table as text: no frame, no colours, columns two spaces apart, each row on a line of its own."""
    file = io.StringIO()
    made.box, made.pad_edge, made.padding = None, False, (0, 2, 0, 0)
    Console(file=file, width=_UNBOUNDED, color_system=None, highlight=False).print(made)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())
