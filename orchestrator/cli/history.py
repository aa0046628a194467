"""`orchestrator history`: every promotion of a unit, and every decision on it."""

from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, say, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.tables import show, table, text
from orchestrator.errors import UnknownNameError
from orchestrator.ledger.approvals import IndexedDecision

_SHOWN = 20


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(history))


def history(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name.")],
    limit: Annotated[int, Option(help="How many promotions at the most, newest first.", min=1)] = _SHOWN,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """Show a unit's promotions, how each one ended, the decisions that were made, and who deleted it."""
    here: Context = context.obj
    ledger = here.wiring.ledger
    promotions = ledger.promotions.promotions(unit)[:limit]
    decisions = ledger.approvals.decisions(unit)[:limit]
    deletions = ledger.branches.deletions(unit)
    if not promotions:
        starts = ledger.branches.last_starts(here.organization.repository.branch)
        raise UnknownNameError("promotion of", unit, sorted(starts), "Known are the units that were ever promoted.")
    if output is Format.JSON:
        say_json(
            {
                "promotions": [one.model_dump() for one in promotions],
                "decisions": [one.model_dump() for one in decisions],
                "deletions": [{"deleted_at": when, "by": who} for when, who in deletions],
            }
        )
        return
    shown = table(f"Promotions of {unit}", "started", "release", "execution", "outcome", "what happened")
    for one in promotions:
        shown.add_row(
            one.started_at, text(one.version or ""), text(one.name), one.outcome or one.status, text(one.message)
        )
    show(shown)
    if decisions:
        decided = table("Decisions", "when", "release", "environment", "decision", "by", "what happened")
        for each in decisions:
            decided.add_row(
                each.decided_at, each.version, each.environment, each.status, _who(each), text(each.message)
            )
        show(decided)
    for when, who in deletions:
        say(f"Deleted at {when} by {who}: its stacks and its state machines.")


def _who(decision: IndexedDecision) -> str:
    """Who decided, and how that is known."""
    return text(f"{decision.identity} ({decision.evidence})") if decision.identity else "not known"
