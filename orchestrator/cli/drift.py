"""`orchestrator drift`: what somebody changed by hand where releases run."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.tables import show, table, text
from orchestrator.config.environment import Environment
from orchestrator.config.unit import Unit
from orchestrator.frozen import dataclass
from orchestrator.steps.contract import Execution
from orchestrator.steps.drift import DriftInput, DriftResult

# Each look is a call of a Lambda, and CloudFormation allows few at once in an account.
_AT_ONCE = 8


@dataclass(frozen=True)
class _Place:
    """One unit in one environment."""

    unit: Unit
    environment: Environment


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(drift))


def drift(
    context: click.Context,
    unit: Annotated[str | None, Argument(help="The unit's name; every unit when left out.")] = None,
    environment: Annotated[str | None, Argument(help="Every environment when left out.")] = None,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """Show what was changed by hand since the last deployment; exits with 1 when something was."""
    here: Context = context.obj
    places = list(_places(here, unit, environment))
    find = here.wiring.function(here.organization.function_arn("drift"))
    caller = here.caller
    asker = Execution(id=caller, name=f"drift-{caller.rsplit('/', 1)[-1]}", started_at=datetime.now(UTC))

    def look(place: _Place) -> DriftResult:
        request = DriftInput(
            unit=place.unit.name,
            environment=place.environment,
            stack_name=place.unit.stack_name(place.environment.name, here.organization),
            execution=asker,
        )
        return DriftResult.model_validate(find(request.model_dump(mode="json", by_alias=True)))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(look, places))
    if output is Format.JSON:
        say_json(
            [
                {"unit": place.unit.name, "environment": place.environment.name, **result.model_dump(mode="json")}
                for place, result in zip(places, found, strict=True)
            ]
        )
    else:
        _draw(places, found)
    if any(target.changes for result in found for target in result.targets):
        raise click.exceptions.Exit(1)


def _places(here: Context, unit: str | None, environment: str | None) -> Iterator[_Place]:
    catalog = here.catalog("HEAD")
    wanted = here.organization.environment(environment).name if environment else None
    units = {unit: catalog.unit(unit)} if unit else catalog.units
    for name in here.organization.environment_names:
        for running in here.wiring.ledger.environments.all_running(name) if wanted in (None, name) else ():
            if running.version and running.unit in units:
                yield _Place(units[running.unit], here.organization.environment(name))


def _draw(places: list[_Place], found: list[DriftResult]) -> None:
    drawn = table("Changed by hand", "unit", "environment", "target", "what")
    for place, result in zip(places, found, strict=True):
        for target in result.targets:
            row = (f"{place.unit.name}@{result.version}", place.environment.name, str(target.target))
            for change in target.changes:
                drawn.add_row(*row, text(change))
            if target.unchecked:
                drawn.add_row(*row, f"[dim]not known: {text(target.unchecked)}[/]")
    if drawn.row_count:
        show(drawn)
    else:
        say(f"Nothing was changed by hand: {len(places)} deployments looked at.")
