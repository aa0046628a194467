"""`orchestrator verify`: whether a release is what it says, and whether an environment really runs it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import click

from orchestrator.build.verify import Check, ReleaseVerifier
from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.promote import check_environment
from orchestrator.cli.release import find_release
from orchestrator.cli.tables import show, table, text
from orchestrator.errors import StepError
from orchestrator.steps.contract import Execution, Release
from orchestrator.steps.drift import DriftInput, DriftResult


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(verify))


def verify(
    context: click.Context,
    release: Annotated[str, Argument(help="The release, such as orders@0.2.1.")],
    environment: Annotated[str | None, Argument(help="Compare with what runs there, too.")] = None,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """Recompute all of a release from S3, and compare it with what runs; exits with 1 when anything differs."""
    here: Context = context.obj
    found = find_release(here, release)
    if environment:
        check_environment(here, here.catalog("HEAD").unit(found.unit), environment)
    checks = ReleaseVerifier(here.wiring.store)(found)
    notes: dict[str, str] = {}
    if environment:
        try:
            result = _look(here, found, environment)
        except StepError as error:
            checks.append(Check(what=environment, differences=(f"It could not be compared: {error}",)))
        else:
            checks += _of_environment(found, environment, result)
            notes = {f"{environment} {one.target}": one.unchecked for one in result.targets if one.unchecked}
    differs = any(check.differences for check in checks)
    if output is Format.JSON:
        say_json(
            {
                "release": found.name,
                "environment": environment,
                "verified": not differs,
                "checks": [check.model_dump() for check in checks],
                "not_known": notes,
            }
        )
    else:
        _draw(found.name, checks, notes)
    if differs:
        raise click.exceptions.Exit(1)


def _look(here: Context, release: Release, environment: str) -> DriftResult:
    """Ask the orchestrator to compare: targets trust its Lambdas, and not people."""
    caller = here.caller
    request = DriftInput(
        unit=release.unit,
        environment=here.organization.environment(environment),
        stack_name=here.catalog("HEAD").unit(release.unit).stack_name(environment, here.organization),
        execution=Execution(id=caller, name=f"verify-{caller.rsplit('/', 1)[-1]}", started_at=datetime.now(UTC)),
        version=release.version,
    )
    find = here.wiring.function(here.organization.function_arn("drift"))
    return DriftResult.model_validate(find(request.model_dump(mode="json", by_alias=True)))


def _of_environment(release: Release, environment: str, result: DriftResult) -> Iterator[Check]:
    other = f"{release.unit}@{result.version}" if result.version else "Nothing"
    differs = () if result.version == release.version else (f"{other} runs in {environment}, says the ledger.",)
    yield Check(what=f"ledger of {environment}", differences=differs)
    for one in result.targets:
        yield Check(what=f"{environment} {one.target}", differences=tuple(f"{change}." for change in one.changes))


def _draw(release: str, checks: list[Check], notes: dict[str, str]) -> None:
    drawn = table(f"What was looked at of {release}", "what", "result")
    for check in checks:
        result = text("\n".join(check.differences) or check.found or "as it should be")
        drawn.add_row(check.what, f"{result}\nnot known: {text(notes[check.what])}" if check.what in notes else result)
    show(drawn)
    differing = [check.what for check in checks if check.differences]
    say(f"{release} differs in: {', '.join(differing)}." if differing else f"{release} is verified: nothing differs.")
