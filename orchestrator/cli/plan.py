"""`orchestrator plan`: what a deployment would change, without deploying."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.promote import check_environment
from orchestrator.config.unit import Unit
from orchestrator.errors import RequestError, StepError
from orchestrator.steps.contract import Execution, Release
from orchestrator.steps.preview import PreviewInput, PreviewResult


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(plan))


def plan(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name.")],
    environment: Annotated[str, Argument(help="The environment's name.")],
    version: Annotated[str | None, Option(help="The release; that of HEAD when left out.")] = None,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """Show what deploying a release would change: resources, requirements, commits, and what was changed by hand."""
    here: Context = context.obj
    found = here.catalog("HEAD").unit(unit)
    check_environment(here, found, environment)
    release = here.wiring.ledger.releases.release(unit, version) if version else _of_head(here, unit)
    result = _look(here, found, release, environment)
    if output is Format.JSON:
        say_json(result.model_dump(mode="json"))
    if result.plan is None:
        raise StepError(f"{result.message} Try again in a minute.")
    if output is Format.TABLE:
        say(result.message)
        for line in result.plan.lines:
            say(f"  {line}")
        if result.kept_back:
            say(f"Not now: {result.kept_back}")


def _of_head(here: Context, unit: str) -> Release:
    """The release that a merge of HEAD would lead to."""
    catalog = here.catalog("HEAD")
    release = here.wiring.ledger.releases.release_with_digest(unit, catalog.digest(unit))
    if release is None:
        raise RequestError(
            f"{unit} at {catalog.commit.id[:12]} is not built yet, which its promotion does: merge it, or name a "
            "release with --version."
        )
    return release


def _look(here: Context, unit: Unit, release: Release, environment: str) -> PreviewResult:
    """Ask the orchestrator: targets trust its Lambdas, and not people."""
    caller = here.caller
    name = f"preview-{secrets.token_hex(4)}"
    request = PreviewInput(
        release=release,
        environment=here.organization.environment(environment),
        stack_name=unit.stack_name(environment, here.organization),
        # Of its own for each look: two that look at once must not delete each other's change sets.
        execution=Execution(id=f"{caller}/{name}", name=name, started_at=datetime.now(UTC)),
        concurrency=unit.settings.concurrency,
    )
    look = here.wiring.function(here.organization.function_arn("preview"))
    return PreviewResult.model_validate(look(request.model_dump(mode="json", by_alias=True)))
