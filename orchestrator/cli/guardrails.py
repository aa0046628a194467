"""`orchestrator guardrails`: the rules that no merge can loosen, and the only command that changes them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import click

from orchestrator.aws.session import CLIENT
from orchestrator.bootstrap.guardrails import (
    administrators_of,
    caller_of,
    drafted,
    find_guardrails,
    record,
    records_of,
    with_administrators,
)
from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, ask, say, say_json
from orchestrator.cli.parameters import Argument, Option, group
from orchestrator.cli.tables import show as show_table
from orchestrator.cli.tables import table, text
from orchestrator.config.infrastructure import GUARDRAILS_FILE
from orchestrator.errors import RequestError
from orchestrator.guardrails.differences import Difference, differences
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.records import GuardrailRecords, GuardrailsMissingError, ReleasedName
from orchestrator.wiring.wiring import now

Output = Annotated[Format, Option(help="What to print.")]


def register(app: click.Group) -> None:
    """Add the commands below `guardrails`."""
    app.add_command(group(guardrails, show, diff, apply, history, release, export))


def guardrails() -> None:
    """Show and change the rules of environments that no merge can loosen."""


def show(context: click.Context, output: Output = Format.TABLE) -> None:
    """Show the guardrails that are in force."""
    current = _current(context.obj)
    if output is Format.JSON:
        say_json(current.model_dump(mode="json", by_alias=True))
        return
    say(_headline(current))
    for environment in current.organization.environments:
        said = environment.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"name", "targets"})
        where = ", ".join(map(str, environment.targets))
        rules = "; ".join(f"{key} = {value!r}" for key, value in said.items()) or "no approval, always open"
        say(f"  {environment.name} ({where}): {rules}")
    say(f"  administrators: {', '.join(current.organization.tooling.administrators)}")


def diff(context: click.Context, output: Output = Format.TABLE) -> None:
    """Show where the working tree's orchestrator.toml differs; exits with 1 when it does."""
    here: Context = context.obj
    found = differences(here.organization, _current(here).organization)
    _tell(found, output)
    if found:
        raise click.exceptions.Exit(1)


def apply(
    context: click.Context,
    *,
    yes: Annotated[bool, Option("--yes", help="Skip confirmation.")] = False,
) -> None:
    """Record what the working tree's orchestrator.toml says: administrators only."""
    here: Context = context.obj
    session = here.session()
    records = _records(here)
    known = find_guardrails(records)
    if known is None:
        raise GuardrailsMissingError
    caller = caller_of(session)
    administrators = administrators_of(known.organization, caller)
    organization = with_administrators(here.organization, administrators)
    found = differences(organization, known.organization)
    _tell(found, Format.TABLE)
    if not found:
        return
    ask(f"Record this as version {known.version + 1}, as {caller}?", yes=yes, otherwise="Nothing was recorded.")
    made = record(records, drafted(organization, known, caller, now()), session.client("iam", config=CLIENT))
    say(f"Recorded version {made.version}. Run 'orchestrator bootstrap' to bring roles and functions up to date.")


def history(context: click.Context, output: Output = Format.TABLE) -> None:
    """List all versions and released names: who recorded them, when, and what changed."""
    records = _records(context.obj)
    versions, released = records.history(), records.released_names()
    if output is Format.JSON:
        say_json(
            {
                "versions": [one.model_dump(mode="json", by_alias=True) for one in versions],
                "released_names": [one.model_dump(mode="json") for one in released],
            }
        )
        return
    rows = [
        *((one.recorded_at, str(one.version), one.recorded_by, "\n".join(one.changes)) for one in versions),
        *((one.released_at, "", one.released_by, _released(one)) for one in released),
    ]
    shown = table("Guardrails", "version", "recorded", "by", "changes")
    for at, version, who, changes in sorted(rows, reverse=True):
        shown.add_row(version, _time(at), who, text(changes))
    show_table(shown)


def release(
    context: click.Context,
    name: Annotated[str, Argument(help="The unit's name.")],
    *,
    yes: Annotated[bool, Option("--yes", help="Skip confirmation.")] = False,
) -> None:
    """Let another folder use a unit's name and stacks: administrators only."""
    here: Context = context.obj
    claims = here.wiring.ledger.claims
    claim = claims.of_unit(name)
    if claim is None:
        raise RequestError(f"No folder has the name {name!r}: the next one that is merged with it gets it.")
    stacks = ", ".join(sorted(claim.stacks)) or "no stacks"
    question = f"{claim.folder} has the name {name} with {stacks}. Let other folders use them?"
    ask(question, yes=yes, otherwise="Nothing was released.")
    released = ReleasedName(
        name=claim.name,
        folder=claim.folder,
        stacks=tuple(sorted(claim.stacks)),
        released_by=caller_of(here.session()),
        released_at=now(),
    )
    # First of all: nothing is released of which nobody knows by whom.
    _records(here).record_released(released)
    claims.release_claim(name)
    say(f"The name {name} and its stacks go to the next folder that is merged with it.")


def export(
    context: click.Context,
    to: Annotated[Path | None, Option(help=f"The file; {GUARDRAILS_FILE} at the root when left out.")] = None,
) -> None:
    """Write the guardrails to a file to commit: a CI without access to AWS compares with it."""
    here: Context = context.obj
    file = to or here.root / GUARDRAILS_FILE
    file.write_text(_current(here).model_dump_json(by_alias=True, indent=2) + "\n")
    say(f"Wrote {file}. It advises only: merges are compared with the recorded guardrails.")


def _records(here: Context) -> GuardrailRecords:
    here.wiring  # noqa: B018  # Refuses credentials of another account.
    return records_of(here.session(), now)


def _current(here: Context) -> Guardrails:
    found = find_guardrails(_records(here))
    if found is None:
        raise GuardrailsMissingError
    return found


def _tell(found: list[Difference], output: Format) -> None:
    if output is Format.JSON:
        say_json([{"key": one.key, "difference": str(one)} for one in found])
        return
    for one in found:
        say(f"  {one}")
    if not found:
        say("orchestrator.toml says what the guardrails say.")


def _released(released: ReleasedName) -> str:
    stacks = f" with {', '.join(released.stacks)}" if released.stacks else ""
    return f"released the name {released.name} of {released.folder}{stacks}"


def _headline(current: Guardrails) -> str:
    return f"Version {current.version}, recorded {_time(current.recorded_at)} by {current.recorded_by}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
