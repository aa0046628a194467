"""How a train is shown: what was done to whom, how it stands, and what a decision on it is about."""

from collections.abc import Iterable, Sequence
from typing import Any

from orchestrator.cli.context import Context
from orchestrator.cli.decide import plans_are_read, show_plan
from orchestrator.cli.output import say
from orchestrator.cli.tables import show, table
from orchestrator.cli.unseen import UNSEEN, unseen_end
from orchestrator.decisions.document import Entry, bound_to, train_subject
from orchestrator.frozen import dataclass
from orchestrator.ledger.trains import Part, Stage, Train
from orchestrator.promotions.waits import why_it_waits
from orchestrator.releases import layout
from orchestrator.steps.gate_input import plan_prefix
from orchestrator.steps.plan_document import Plan
from orchestrator.trains.names import BUILD

_RUNNING = "RUNNING"
_COLOURS = {"PROMOTED": "green", "FAILED": "red", "RETURN_FAILED": "red"}


def show_train(here: Context, found: Train) -> None:
    """Draw what a train did to whom, and say how it stands."""
    stages = here.wiring.ledger.trains.stages(found.name)
    names = [one for one in (BUILD, *found.environments) if one != BUILD or BUILD in stages]
    shown = table(f"Train {found.name}", "unit", "release", *(one.lower() for one in names))
    for unit in found.members:
        cells = (_cell(here, found, stages.get(one), unit) for one in names)
        shown.add_row(unit, found.versions.get(unit, ""), *cells)
    show(shown)
    say(train_line(here, found))
    for line in _messages(stages, names):
        say(line)


def train_line(here: Context, found: Train) -> str:
    """How a train ended, or what it is at."""
    if found.status != _RUNNING:
        return f"{found.outcome}: {found.message}"
    if ended := unseen_end(here.wiring.stepfunctions, found.execution):
        return f"{ended}. Go on with: orchestrator train retry {found.name}" if ended == UNSEEN else f"{ended}."
    waits = "".join(f"; {one}" for one in waiting(here, found.name, found.execution))
    return f"under way since {found.started_at:%Y-%m-%d %H:%M} UTC{waits}"


def waiting(here: Context, train: str, execution: str) -> list[str]:
    """What a train that runs waits for: people, with the command to use, or what passes by itself."""
    asked = here.wiring.ledger.approvals.requests(train_subject(train))
    pending = [one.environment for one in asked if one.status == "PENDING"]
    reason = why_it_waits(here.wiring.stepfunctions, execution)
    return [
        *(f"waits for approval: orchestrator train approve {train} {environment}" for environment in pending),
        *([f"waits: {reason}"] if reason else []),
    ]


def train_document(here: Context, found: Train) -> dict[str, Any]:
    """What a program is told of a train: the ledger's words, stages in their order, and what it waits for."""
    stages = here.wiring.ledger.trains.stages(found.name)
    order = [one for one in (BUILD, *found.environments) if one in stages]
    is_running = found.status == _RUNNING and not unseen_end(here.wiring.stepfunctions, found.execution)
    return {
        **found.model_dump(mode="json"),
        "waits": waiting(here, found.name, found.execution) if is_running else [],
        "stages": {one: stages[one].model_dump(mode="json") for one in order},
    }


@dataclass(frozen=True)
class MemberPlan:
    """What a decision on a train is about, of one member."""

    entry: Entry
    plan: Plan


def pending_plans(here: Context, train: Train, environment: str) -> tuple[MemberPlan, ...]:
    """Read the plans that a decision is about; none when nothing waits, which the gate says better.

    Raises:
        AccessError: they cannot be read.
    """
    with plans_are_read(f"the train {train.name}"):
        asked = here.wiring.ledger.approvals.request(train_subject(train.name), environment)
        if asked is None or asked.status != "PENDING":
            return ()
        return tuple(
            MemberPlan(
                one,
                Plan.read(here.wiring.store, layout.plan_key(one.unit, train.name, environment), one.plan_hash),
            )
            for one in asked.entries
        )


def show_plans(plans: Iterable[MemberPlan]) -> None:
    """Show plans."""
    for one in plans:
        show_plan(one.plan)


def shown_plans(plans: Sequence[MemberPlan]) -> str:
    """What a decision names these plans by; nothing when there are none."""
    return plan_prefix(bound_to(one.entry for one in plans)[1]) if plans else ""


def _cell(here: Context, train: Train, stage: Stage | None, unit: str) -> str:
    part = stage.parts.get(unit) if stage else None
    if stage is None or part is None:
        return "[dim]-[/]"
    found = part.outcome or _moving(here, part)
    if found is None:
        return "[dim]waits[/]" if train.status == _RUNNING else "[dim]-[/]"
    if found == _RUNNING:
        return "[cyan]moves[/]"
    word = "built" if stage.environment == BUILD and found == "PROMOTED" else found.lower().replace("_", " ")
    return f"[{_COLOURS.get(found, 'yellow')}]{word}[/]"


def _moving(here: Context, part: Part) -> str | None:
    """What is known of the promotion that moves a member; None before it has begun."""
    promotions = here.wiring.ledger.promotions.promotions(part.unit) if part.moves else []
    return next((one.outcome or one.status for one in promotions if one.execution == part.moves), None)


def _messages(stages: dict[str, Stage], names: Iterable[str]) -> Iterable[str]:
    """Why members did not pass, a line for each."""
    for name in names:
        for unit, part in (stages[name].parts if name in stages else {}).items():
            if part.outcome and part.outcome != "PROMOTED":
                yield f"{unit} in {name.lower()}: {part.message}"
