"""`orchestrator affected`: which units a merge of a commit would promote, and why."""

import gc
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.kept import Kept
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.source.affected import LastStart, Reason, Verdict, verdicts
from orchestrator.source.catalog import Catalog


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(affected))


def affected(
    context: click.Context,
    commit: Annotated[str, Argument(help="Commit, branch or tag.")] = "HEAD",
    since: Annotated[
        str | None, Option(help="Compare with this commit instead of with what the ledger saw start.")
    ] = None,
    *,
    explain: Annotated[bool, Option("--explain", help="Say why, and what is wrong with others.")] = False,
    suggest: Annotated[
        bool, Option("--suggest", help="Say instead what all units import and depends_on does not name.")
    ] = False,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """List the units that a merge of a commit would promote."""
    # Thousands of small objects are made that do not refer to each other, and the process ends after that.
    gc.disable()
    here: Context = context.obj
    kept = Kept.of(here.root)
    bases = kept.surveyed()
    if suggest:
        from orchestrator.cli.suggest import show_suggestions  # noqa: PLC0415  # It reads code, which nothing else does.

        show_suggestions(here, commit, output, bases)
        return
    catalog = here.catalog(commit, bases)
    if since:
        before = here.catalog(since, (catalog.surveyed, *bases))
        # Of thousands, the few that are not as they were are looked at; programs are told of all.
        differing = None if output is Format.JSON else catalog.surveyed.unlike(before.surveyed)
        judged = verdicts(catalog, starts_at(before, differing), differing)
    else:
        judged = verdicts(catalog, _starts_in_ledger(here))
    kept.keep(catalog.surveyed)
    _tell(catalog, judged, output, explain=explain)


def _tell(catalog: Catalog, judged: Collection[Verdict], output: Format, *, explain: bool) -> None:
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
    total = len(catalog.names) + len(catalog.problems)
    say(f"Affected by {catalog.commit.id[:12]}: {sum(one.affected for one in judged)} of {total} units")
    for line in lines(judged, total, explain=explain):
        say(line)


def lines(judged: Collection[Verdict], total: int, *, explain: bool) -> Iterator[str]:
    """What is said of units: the affected ones, and if wanted why, and what is wrong with others.

    Args:
        judged: all that are affected or not valid, and perhaps others.
        total: how many there are.
        explain: whether to say why.
    """
    shown = [one for one in judged if one.affected or (explain and one.reason is not Reason.UNCHANGED)]
    width = max((len(one.unit) for one in shown), default=0)
    for one in shown:
        yield f"{one.unit:<{width}}  {one.reason:<7}  {one.explanation}" if explain else one.unit
    if explain and len(shown) < total:
        yield f"Nothing that the others ({total - len(shown)}) are built from changed (--output json lists them)."


def starts_at(catalog: Catalog, units: Iterable[str] | None = None) -> dict[str, LastStart]:
    """What the ledger would hold had everything at a commit been started, of some units or of all."""
    return {
        name: LastStart(
            digest=catalog.digest(name),
            inputs={one.path: one.id for one in catalog.inputs[name]},
            commit=catalog.commit.id,
        )
        for name in (catalog.names if units is None else units)
        if name in catalog.names
    }


def _starts_in_ledger(here: Context) -> dict[str, LastStart]:
    return here.wiring.ledger.branches.last_starts(here.organization.repository.branch)
