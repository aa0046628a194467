"""Tables in files, in other programs and in narrow terminals, and text that would be obeyed."""

import fcntl
import os
import struct
import subprocess
import sys
import termios

import pytest

from orchestrator.cli.output import complain, harmless, say
from orchestrator.cli.tables import plain, table, text

_NAME = "manual-20261124T233320-abcd1234"
_SENTENCE = "Something went wrong. " * 20
_CODE = f"""
from orchestrator.cli.tables import show, table
made = table("Promotions of orders", "started", "execution", "what happened")
made.add_row("2026-11-24T23:33:20.123Z", {_NAME!r}, {_SENTENCE!r})
show(made)
"""


def test_a_table_that_is_narrower_than_its_title_does_not_break_it() -> None:
    """It ends with a name, which is copied into the next command."""
    made = table(f"Train {_NAME}", "unit")
    made.add_row("orders")
    assert plain(made).splitlines() == [f"Train {_NAME}", "unit", "orders"]


def test_what_goes_into_a_program_is_a_line_for_each_row() -> None:
    """Without a frame, and however long it is."""
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "Promotions of orders",
        "started                   execution                        what happened",
        f"2026-11-24T23:33:20.123Z  {_NAME}  {_SENTENCE.strip()}",
    ]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_names_are_whole_in_every_terminal(columns: int) -> None:
    """They are copied into the next command."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    subprocess.run([sys.executable, "-c", _CODE], env={**environment, "TERM": "xterm"}, stdout=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert _NAME in said
    assert ("━" in said) == (columns == 120)


def test_text_of_others_is_shown_as_it_is() -> None:
    """Also where it looks like markup, or like what a terminal obeys."""
    made = table("Found", "what")
    made.add_row(text("[red]no[/blue] \x1b[2J\x07"))
    assert plain(made).splitlines()[-1] == "[red]no[/blue] \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"


def test_what_a_terminal_would_obey_is_taken_out_and_lines_stay() -> None:
    """Output of builds is quoted in errors."""
    assert (
        harmless("a\tb\nc\x1b]0;evil\x07\x9b")
        == "a\tb\nc\N{REPLACEMENT CHARACTER}]0;evil" + "\N{REPLACEMENT CHARACTER}" * 2
    )


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\u2028", "\ufeff", "\U000e0041", "\udcff"])
def test_what_would_be_read_in_another_order_or_not_at_all_is_shown(
    character: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name could look like another one; and a half of a character would end the command that prints it."""
    say(f"orders{character}")
    complain(f"orders{character}")
    said = capsys.readouterr()
    assert said.out == "orders\N{REPLACEMENT CHARACTER}\n"
    assert said.err.endswith("orders\N{REPLACEMENT CHARACTER}\n")


def test_letters_of_all_scripts_stay() -> None:
    """They are names of people."""
    assert harmless("Zoë שלום مرحبا 日本 €") == "Zoë שלום مرحبا 日本 €"
