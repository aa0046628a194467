"""How commands speak: questions and sentences for people, JSON for programs, complaints to standard error."""

import json
import re
import sys
from enum import StrEnum
from typing import Any

import click

from orchestrator.errors import RequestError

# All but tabs and line ends; what turns the direction of writing, or is not seen; halves of characters, which no
# terminal is sent.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Format(StrEnum):
    """What a command prints."""

    TABLE = "table"
    JSON = "json"


def complain(message: str) -> None:
    """Say what went wrong, on standard error."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {harmless(message)}", err=True)


def note(message: str) -> None:
    """Say something beside what was asked for, on standard error."""
    click.echo(f"{click.style('note:', bold=True)} {harmless(message)}", err=True)


def say(message: str) -> None:
    """Say a sentence, as it is."""
    click.echo(harmless(message))


def ask(question: str, *, yes: bool, otherwise: str) -> None:
    """Ask whether to go on.

    Args:
        question: what is to be done.
        yes: whether to skip the question.
        otherwise: the sentence that is said where nothing is done.

    Raises:
        RequestError: the answer is no, or nobody can be asked.
    """
    if yes:
        return
    try:
        agreed = click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo()
        raise RequestError(f"{otherwise} There is no terminal to ask at; --yes skips the question.") from None
    if not agreed:
        raise RequestError(otherwise)


def harmless(text: str) -> str:
    """A text without what a terminal would obey: much of what is said was printed by programs of units."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def say_json(document: Any) -> None:
    """Print a document for a program."""
    click.echo(json.dumps(document, indent=2, default=str))
