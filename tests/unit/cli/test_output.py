"""Questions of commands, with and without somebody to answer them."""

import pytest
from click.testing import CliRunner

from orchestrator.cli.output import ask
from orchestrator.errors import RequestError


def test_nobody_to_ask_is_an_error_that_names_the_option() -> None:
    """Nothing is done, and the command does not just say that it was aborted."""
    with (
        CliRunner().isolation(input=""),
        pytest.raises(RequestError, match=r"Nothing was recorded\. There is no terminal to ask at; --yes skips"),
    ):
        ask("Record this?", yes=False, otherwise="Nothing was recorded.")


@pytest.mark.parametrize(("answer", "yes"), [("y\n", False), ("", True)])
def test_who_agrees_goes_on(answer: str, yes: bool) -> None:  # noqa: FBT001  # A parameter of the test.
    """At the terminal, or beforehand."""
    with CliRunner().isolation(input=answer):
        ask("Record this?", yes=yes, otherwise="Nothing was recorded.")


def test_a_no_says_that_nothing_was_done() -> None:
    """In the command's own words."""
    with CliRunner().isolation(input="n\n"), pytest.raises(RequestError, match=r"^Nothing was recorded\.$"):
        ask("Record this?", yes=False, otherwise="Nothing was recorded.")
