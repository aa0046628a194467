"""How commands speak: tables for people, JSON for programs, complaints to standard error."""

import json
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console()
_errors = Console(stderr=True, soft_wrap=True)


class Format(StrEnum):
    """What a command prints."""

    TABLE = "table"
    JSON = "json"


def complain(message: str) -> None:
    """Say what went wrong, on standard error."""
    _errors.print("[bold red]error:[/] ", end="")
    _errors.print(message, markup=False, highlight=False)


def say(message: str) -> None:
    """Say a sentence, as it is."""
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def say_json(document: Any) -> None:
    """Print a document for a program."""
    print(json.dumps(document, indent=2, default=str))  # noqa: T201  # Rich would wrap it.


def table(title: str, *columns: str) -> Table:
    """A table in the common style."""
    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
