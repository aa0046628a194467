"""`orchestrator affected`: which units a merge of a commit would promote, and why."""

from typing import Annotated

import typer

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say_json
from orchestrator.cli.tables import show, table, text
from orchestrator.source.affected import LastStart, verdicts
from orchestrator.source.catalog import Catalog


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("affected")(affected)


def affected(
    context: typer.Context,
    commit: Annotated[str, typer.Argument(help="Commit, branch or tag.")] = "HEAD",
    since: Annotated[
        str | None, typer.Option(help="Compare with this commit instead of with what the ledger saw start.")
    ] = None,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say for every unit why it runs or not.")] = False,
    output: Annotated[Format, typer.Option(help="What to print.")] = Format.TABLE,
) -> None:
    """List the units that a merge of a commit would promote."""
    here: Context = context.obj
    catalog = here.catalog(commit)
    last = starts_at(here.catalog(since)) if since else _starts_in_ledger(here)
    judged = verdicts(catalog, last)
    if output is Format.JSON:
        rows = [
            {
                "unit": one.unit,
                "affected": one.affected,
                "reason": one.reason,
                "explanation": one.explanation,
                "digest": one.digest,
            }
            for one in judged
        ]
        say_json({"commit": catalog.commit.id, "units": rows})
        return
    shown = table(f"Affected by {catalog.commit.id[:12]}", "unit", "runs", *(["why"] if explain else []))
    for one in judged:
        if explain or one.affected:
            shown.add_row(one.unit, "yes" if one.affected else "no", *([text(one.explanation)] if explain else []))
    show(shown)


def starts_at(catalog: Catalog) -> dict[str, LastStart]:
    """What the ledger would hold had everything at a commit been started."""
    return {
        name: LastStart(
            digest=catalog.digest(name),
            inputs={one.path: one.id for one in catalog.inputs[name]},
            commit=catalog.commit.id,
        )
        for name in catalog.facts
    }


def _starts_in_ledger(here: Context) -> dict[str, LastStart]:
    return here.wiring.ledger.branches.last_starts(here.organization.repository.branch)
