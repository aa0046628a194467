"""`orchestrator init`: an `orchestrator.toml` for a repository that has none."""

import gc
import re
import sys
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import note, say
from orchestrator.cli.parameters import Option, command
from orchestrator.config import organization as organization_file
from orchestrator.config.environment import Environment, Target
from orchestrator.config.tooling import Tooling
from orchestrator.errors import OrchestratorError, RequestError

if TYPE_CHECKING:
    from orchestrator.adoption.draft import Draft

_ENVIRONMENT = re.compile(r"([a-z][a-z0-9]{0,19})=([0-9]{12})/([a-z]{2}(?:-[a-z]+)+-[0-9])(:approval)?")
_ACCOUNT = re.compile(r"[0-9]{12}")
_EXAMPLE = "--environment dev=222222222222/eu-west-1 --environment prod=333333333333/eu-west-1:approval"


class NoUnitsError(OrchestratorError):
    """Nothing in the repository is a unit."""


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(init))


def init(
    context: click.Context,
    tooling_account: Annotated[str | None, Option(help="The account that the orchestrator runs in.")] = None,
    environment: Annotated[
        list[str] | None,
        Option(help="NAME=ACCOUNT/REGION, with :approval where people decide; in order, once for each target."),
    ] = None,
    *,
    write: Annotated[bool, Option("--write", help="Write the file instead of printing it.")] = False,
    force: Annotated[bool, Option("--force", help="Also where there is one.")] = False,
    explain: Annotated[
        bool, Option("--explain", help="Name each unit, all that is left out, and what could be said of units.")
    ] = False,
) -> None:
    """Look at the repository's newest commit, and write an orchestrator.toml that finds its units."""
    from orchestrator.adoption.draft import draft  # noqa: PLC0415  # See `_tell`.
    from orchestrator.adoption.write import Accounts  # noqa: PLC0415  # The same.

    # Thousands of documents are made that do not refer to each other, and the process ends after that.
    gc.disable()
    here: Context = context.obj
    file = here.root / organization_file.FILE_NAME
    if write and file.exists() and not force:
        raise RequestError(f"{file} is there already: --force overwrites it.")
    account, wanted = _asked(tooling_account, environment or [])
    environments = _environments(wanted)
    region = here.region or environments[0].targets[0].region
    accounts = Accounts(Tooling(account=account, region=region), environments)
    commit = here.repository.commit("HEAD")
    made = draft(here.repository, commit, accounts, here.root.name, explain=explain)
    if not made.units:
        _tell(made, explain=explain)
        raise NoUnitsError(
            f"No unit was found at {commit.id[:12]}, so there is nothing to write. A unit is a folder with a "
            "CloudFormation or SAM template, or a CDK app in Python, that is committed."
        )
    if write:
        file.write_text(made.text, encoding="utf-8")
        say(f"{file} is written. Commit it; 'orchestrator bootstrap' comes next.")
    else:
        say(made.text.rstrip("\n"))
    _tell(made, explain=explain)


def _tell(made: "Draft", *, explain: bool) -> None:
    from orchestrator.adoption.summary import summary  # noqa: PLC0415  # Help need not wait for what reads templates.

    for line in summary(made, explain=explain):
        note(line)


def _asked(tooling_account: str | None, environments: list[str]) -> tuple[str, list[str]]:
    """The accounts, out of options or asked for in a terminal."""
    if sys.stdin.isatty():
        tooling_account = tooling_account or click.prompt("Account that the orchestrator runs in")
        while not environments:
            answer = click.prompt(f"Environments in order, such as {_EXAMPLE.replace('--environment ', '')}")
            environments = answer.split()
    if not tooling_account or not _ACCOUNT.fullmatch(tooling_account) or not environments:
        raise RequestError(
            "Say where everything goes: --tooling-account with the twelve digits of the account that the orchestrator "
            f"runs in, and the environments in order, such as {_EXAMPLE}."
        )
    return tooling_account, environments


def _environments(wanted: list[str]) -> tuple[Environment, ...]:
    targets: dict[str, list[Target]] = {}
    gated: set[str] = set()
    for one in wanted:
        parts = _ENVIRONMENT.fullmatch(one)
        if parts is None:
            raise RequestError(f"--environment {one!r} is not valid: write NAME=ACCOUNT/REGION, such as {_EXAMPLE}.")
        name, account, region, approval = parts.groups()
        targets.setdefault(name, []).append(Target(account=account, region=region))
        gated |= {name} if approval else set()
    return tuple(
        Environment(
            name=name, targets=tuple(all_), requires_approval=name in gated, stack_suffix=_suffix(name, targets)
        )
        for name, all_ in targets.items()
    )


def _suffix(name: str, targets: dict[str, list[Target]]) -> str:
    """What the names of stacks end with where an environment before is in one of its accounts and regions, too."""
    before = {target for earlier in takewhile(lambda one: one != name, targets) for target in targets[earlier]}
    return "" if before.isdisjoint(targets[name]) else f"-{name}"
