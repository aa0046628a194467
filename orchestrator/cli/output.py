"""How commands speak: sentences for people, JSON for programs, complaints to standard error."""

import json
from enum import StrEnum
from typing import Any

import typer


class Format(StrEnum):
    """What a command prints."""

    TABLE = "table"
    JSON = "json"


def complain(message: str) -> None:
    """Say what went wrong, on standard error."""
    typer.echo(f"{typer.style('error:', fg='red', bold=True)} {message}", err=True)


def say(message: str) -> None:
    """Say a sentence, as it is."""
    typer.echo(message)


def say_json(document: Any) -> None:
    """Print a document for a program."""
    typer.echo(json.dumps(document, indent=2, default=str))
