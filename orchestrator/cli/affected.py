"""`orchestrator affected`: which units a merge of a commit would promote, and why."""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.guarded import Required, guardrail_problems
from orchestrator.cli.kept import Kept
from orchestrator.cli.merges.compare import Compared, Comparing
from orchestrator.cli.output import Format, complain, note, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.source.affected import Reason, Verdict
from orchestrator.source.catalog import Catalog

if TYPE_CHECKING:
    # Who has no trains need not wait for what tells of them.
    from orchestrator.source.together import Called


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(affected))


def affected(
    context: click.Context,
    commit: Annotated[str, Argument(help="Commit, branch or tag.")] = "HEAD",
    since: Annotated[
        str | None, Option(help="Compare with this commit, and not with what was promoted last; AWS is not asked.")
    ] = None,
    *,
    explain: Annotated[bool, Option("--explain", help="Say why, and what is wrong with others.")] = False,
    suggest: Annotated[
        bool, Option("--suggest", help="Say instead what all units import and depends_on does not name.")
    ] = False,
    require_guardrails: Required = False,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """List the units that a merge of a commit would promote, and which of them as one train."""
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
    # Of thousands, the few that are not as they were are looked at; programs are told of all.
    comparing = Comparing(here, catalog, (catalog.surveyed, *bases), every=output is Format.JSON)
    compared = comparing.with_commit(since) if since else comparing.with_ledger()
    kept.keep(catalog.surveyed)
    loosened = list(guardrail_problems(here, catalog, ask=compared.since is None, required=require_guardrails))
    _tell(catalog, compared, output, explain=explain)
    for problem in loosened:
        complain(str(problem))
    if loosened:
        raise click.exceptions.Exit(1)


def _gone(known: Iterable[str], judged: Iterable[Verdict], catalog: Catalog) -> list[str]:
    """Units that were there and are not any more, nor are there with a mistake."""
    return sorted(set(known) - set(catalog.names) - {one.unit for one in judged})


def _tell(catalog: Catalog, compared: Compared, output: Format, *, explain: bool) -> None:
    judged, called = compared.judged, compared.called
    gone = _gone(compared.known, judged, catalog)
    trains = together(called) if called else {}
    problems = called.problems if called else ()
    if output is Format.JSON:
        train_of = {unit: train for train, units in trains.items() for unit in units}
        waiting = called.waiting if called else ()
        rows = [
            {
                "unit": one.unit,
                "affected": one.affected,
                "reason": one.reason,
                "explanation": one.explanation,
                "digest": one.digest,
                "train": train_of.get(one.unit, ""),
                "waits": one.unit in waiting,
            }
            for one in judged
        ]
        document = {"commit": catalog.commit.id, "since": compared.since, "units": rows, "gone": gone}
        say_json({**document, "trains": trains, "problems": problems})
        return
    total = len(catalog.names) + len(catalog.problems)
    say(f"Affected by {catalog.commit.id[:12]}: {sum(one.affected for one in judged)} of {total} units")
    for line in (*lines(judged, total, explain=explain), *train_lines(trains, judged, explain=explain)):
        say(line)
    for problem in problems:
        note(problem)
    invalid = [one.unit for one in judged if one.reason is Reason.INVALID]
    if invalid and not explain:
        note(f"Not promoted, because they are not valid: {', '.join(invalid)}. --explain says why.")
    if gone:
        note(
            f"Gone: {', '.join(gone)}. A merge retires them, and what runs of them stays. A folder that was renamed "
            f'keeps its unit when it is given the name: [unit."<folder>"] with name = {gone[0]!r}.'
        )


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


def together(called: "Called") -> dict[str, list[str]]:
    """By train that would be started, the units that would go with it."""
    found = (demand.together for demand in called.wanted.values() if demand.together)
    return {one.train: sorted(one.digests) for one in found}


def train_lines(trains: Mapping[str, list[str]], judged: Collection[Verdict], *, explain: bool) -> Iterator[str]:
    """What is said of trains: who goes together, and if wanted why some do whom nothing happened to.

    Args:
        trains: by name, the units that would go.
        judged: all that are affected, and perhaps others.
        explain: whether to say why.
    """
    affected = {one.unit for one in judged if one.affected}
    for train, units in trains.items():
        along = ", ".join(unit for unit in units if unit not in affected)
        why = f" ({along}: not changed, but the last train with it has not arrived)" if along and explain else ""
        yield f"As the train {train}: {', '.join(units)}{why}"
