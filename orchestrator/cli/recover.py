"""`orchestrator retry` and `orchestrator abort`: bring a promotion to its end, or end it."""

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.promote import follow
from orchestrator.config.unit import Unit
from orchestrator.errors import RequestError
from orchestrator.ledger.promotions import Promotion
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.recover import Recovery
from orchestrator.promotions.start import Starter

_ARN = "arn:"
_PROMOTION = re.compile(r"arn:aws:states:[^:]+:\d{12}:execution:promote-([^:]+):[^:]+")
_GOES_ON = {"RUNNING": "is under way", "SUCCEEDED": "has succeeded"}


def register(app: click.Group) -> None:
    """Add both commands."""
    app.add_command(command(retry))
    app.add_command(command(abort))


def retry(
    context: click.Context,
    execution: Annotated[str, Argument(help="The execution's ARN, or its name as 'history' shows it.")],
    *,
    wait: Annotated[bool, Option("--wait", help="Follow it until it ends; exits 1 unless it succeeds.")] = False,
) -> None:
    """Go on where a promotion failed unexpectedly: the failed step is carried out once more."""
    here: Context = context.obj
    arn, unit = _find(here, execution, "retry")
    _check(here.wiring.ledger.promotions.promotions(unit.name), arn)
    recovery = _recovery(here)
    resumed = recovery.retry(arn, here.organization.environment_names)
    say(f"Goes on as {resumed}")
    if wait:
        follow(here, unit, resumed)


def abort(
    context: click.Context,
    what: Annotated[str, Argument(help="A unit, for all its promotions under way, or one execution.")],
    reason: Annotated[str, Option(help="Kept in the ledger.")] = "stopped by hand",
) -> None:
    """Stop one promotion or all of a unit. What CloudFormation has begun it ends by itself; locks are freed."""
    here: Context = context.obj
    for execution in _to_stop(here, what):
        _recovery(here).abort(execution, reason)
        say(f"Stopped {execution}")


def _to_stop(here: Context, what: str) -> list[str]:
    """The executions that a unit or an execution's name is of; the unit may be gone from the repository."""
    if what.startswith(_ARN):
        _unit_of(what)
        return [what]
    promotions = here.wiring.ledger.promotions
    of_unit = [one.execution for one in promotions.under_way(what)]
    found = of_unit or [one.execution for one in promotions.under_way() if one.name == what]
    if alive := [one for one in found if here.wiring.executions.is_alive(one)]:
        return alive
    if of_unit or what in here.catalog("HEAD").names:
        raise RequestError(f"No promotion of {what} is under way.")
    return [_find(here, what, "abort")[0]]


def _check(promotions: Iterable[Promotion], arn: str) -> None:
    """Refuse to retry what is not to be retried by itself, or was already.

    What moved a member of a train would leave the others where they are, and take a name that is theirs.

    Args:
        promotions: all of the unit.
        arn: the execution's.
    """
    name = arn.rsplit(":", 1)[-1]
    for promotion in promotions:
        if promotion.execution == arn and (train := promotion.request.get("train")):
            raise RequestError(
                f"{promotion.name} moves a member of the train {train}. 'orchestrator train status {train}' says how "
                f"that stands, 'orchestrator train retry {train}' goes on with all members that are not there yet."
            )
        # A retry that failed may be tried once more.
        if promotion.request.get("retry_of") == name and promotion.status in _GOES_ON:
            raise RequestError(
                f"{name} was retried already: {promotion.name} {_GOES_ON[promotion.status]}. See it with: orchestrator "
                f"history {promotion.unit}"
            )


def _recovery(here: Context) -> Recovery:
    stepfunctions = here.wiring.stepfunctions
    starter = Starter(stepfunctions, lambda: datetime.now(UTC))
    return Recovery(stepfunctions, starter, Follower(stepfunctions, time.sleep))


def _find(here: Context, execution: str, verb: str) -> tuple[str, Unit]:
    """An execution's ARN and its unit, given the ARN or a name out of the ledger."""
    catalog = here.catalog("HEAD")
    if execution.startswith(_ARN):
        return execution, catalog.unit(_unit_of(execution))
    for unit in catalog.units.values():
        for promotion in here.wiring.ledger.promotions.promotions(unit.name):
            if promotion.name == execution:
                return promotion.execution, unit
    if here.wiring.ledger.trains.train(execution):
        raise RequestError(f"{execution} is a train: 'orchestrator train {verb} {execution}'.")
    raise RequestError(
        f"There is no promotion {execution!r} of a unit that is in the repository: 'orchestrator history UNIT' shows "
        "the names of all."
    )


def _unit_of(arn: str) -> str:
    found = _PROMOTION.fullmatch(arn)
    if not found:
        raise RequestError(f"{arn} is not the ARN of a promotion: 'orchestrator history UNIT' names all.")
    return found[1]
