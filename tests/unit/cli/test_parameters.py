"""Functions as commands: what their annotations say is what Click takes, and what help tells."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import click
import pytest
from click.testing import CliRunner, Result

from orchestrator.cli.parameters import Argument, Option, command, group


class _Colour(StrEnum):
    """A choice."""

    RED = "red"
    PALE_BLUE = "pale-blue"


def _paint(
    context: click.Context,
    what: Annotated[str, Argument(help="What to paint.")],
    also: Annotated[list[str] | None, Argument(metavar="MORE...", help="What else.")] = None,
    colour: Annotated[_Colour, Option(help="Of what colour.")] = _Colour.RED,
    coats: Annotated[int, Option(help="How many.", min=1, max=3)] = 1,
    first: Annotated[Path | None, Option("--from", envvar="PAINT_FROM", help="The pot.")] = None,
    brush: Annotated[list[str] | None, Option(help="Several may be given.")] = None,
    *,
    dry: Annotated[bool, Option("--dry", help="Wait.")] = False,
    prime: Annotated[bool, Option(help="Prime first.")] = True,
) -> None:
    """Paint something.

    It is said at length.
    """
    context.obj.append((what, also, colour, coats, first, brush, dry, prime))


def _run(*arguments: str, **environment: str) -> tuple[Result, list[Any]]:
    painted: list[Any] = []
    return CliRunner().invoke(command(_paint), arguments, obj=painted, env=environment), painted


def test_a_function_gets_what_its_annotations_say() -> None:
    """By place, by name and from the environment; enumerations by value, and several as a list."""
    arguments = ("door", "--colour", "pale-blue", "--coats", "3", "frame", "sill", "--brush", "a", "--brush", "b")
    _, painted = _run(*arguments, "--dry", "--no-prime", PAINT_FROM="pot")
    assert painted == [("door", ["frame", "sill"], _Colour.PALE_BLUE, 3, Path("pot"), ["a", "b"], True, False)]


def test_what_is_left_out_is_what_the_function_says() -> None:
    """Nothing is given in place of several that are not there but an empty list."""
    _, painted = _run("door")
    assert painted == [("door", [], _Colour.RED, 1, None, [], False, True)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'WHAT'"),
        (("door", "--colour", "green"), "'green' is not one of 'red', 'pale-blue'"),
        (("door", "--coats", "4"), "4 is not in the range 1<=x<=3"),
        (("door", "--lacquer"), "No such option"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_valid(arguments: tuple[str, ...], said: str) -> None:
    """With the exit code of a wrong request, before the function is called."""
    result, painted = _run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert painted == []


def test_help_tells_of_each_parameter_and_of_what_holds_without_it() -> None:
    """All of it comes from the function."""
    lines = [" ".join(line.split()) for line in _run("--help")[0].output.splitlines()]
    assert lines[0].endswith("[OPTIONS] WHAT MORE...")
    assert {"Paint something.", "It is said at length."} <= set(lines)
    assert {"WHAT What to paint.", "MORE... What else."} <= set(lines)
    assert "--colour [red|pale-blue] Of what colour. [default: red]" in lines
    assert "--coats INTEGER RANGE How many. [default: 1; 1<=x<=3]" in lines
    assert "--from PATH The pot. [env var: PAINT_FROM]" in lines
    assert "--prime / --no-prime Prime first. [default: prime]" in lines


def test_commands_below_another_are_listed_in_their_order() -> None:
    """Which is the one in which people need them."""

    def tools() -> None:
        """Keep tools."""

    def wash() -> None:
        """Wash them."""

    def buy() -> None:
        """Buy them."""

    told = CliRunner().invoke(group(tools, wash, buy), ["--help"]).output
    assert "Keep tools." in told
    assert told.index("Wash them.") < told.index("Buy them.")
