"""`orchestrator rollback`: return an environment to the release that last worked there before the present one."""

from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.promote import check_environment, follow, refuse_at_once, start
from orchestrator.errors import RequestError
from orchestrator.steps.resolve_release import parse_request


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(rollback))


def rollback(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name.")],
    environment: Annotated[str, Argument(help="The environment's name.")],
    to: Annotated[str | None, Option(help="The release; the last that worked before when left out.")] = None,
    *,
    reason: Annotated[str, Option(help="Kept in the ledger, and shown to whom the hold keeps back.")],
    wait: Annotated[bool, Option("--wait", help="Follow it until it ends; exits 1 unless it succeeds.")] = False,
) -> None:
    """Go back to a release that worked in an environment, without building, and put the environment on hold."""
    here: Context = context.obj
    found = here.catalog("HEAD").unit(unit)
    check_environment(here, found, environment)
    version = to or _known_good(here, unit, environment)
    here.wiring.ledger.releases.release(unit, version)
    running = here.wiring.ledger.environments.running(unit, environment)
    good = running.good
    if (running.version, running.status) == (version, "HEALTHY"):
        raise RequestError(f"{unit}@{version} runs in {environment} already, and passed its smoke tests there.")
    if version not in good:
        raise RequestError(
            f"{unit}@{version} never worked in {environment}; what did: {', '.join(reversed(good)) or 'nothing'}. "
            f"To deploy it all the same: orchestrator promote {unit} --version {version} --from {environment}."
        )
    request = {"version": version, "from": environment, "to": environment, "rollback": True, "reason": reason}
    refuse_at_once(here, found, parse_request(request))
    execution = start(here, found, request)
    say(f"It returns {unit} in {environment} to {version}, and leaves a hold.")
    if wait:
        follow(here, found, execution)


def _known_good(here: Context, unit: str, environment: str) -> str:
    ledger = here.wiring.ledger
    running = ledger.environments.running(unit, environment)
    version = running.known_good_before(
        running.version or "", lambda one: ledger.controls.quarantine(unit, one) is not None
    )
    if version is None:
        raise RequestError(
            f"No release of {unit} other than {running.version or 'none'} ever worked in {environment}: "
            "name one with --to."
        )
    return version
