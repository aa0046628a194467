"""`orchestrator retire`: what is left of a unit that is no longer in the repository, and its deletion."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.decide import proof_of
from orchestrator.cli.merge import tell
from orchestrator.cli.output import ask, say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.config.environment import Environment
from orchestrator.config.unit import Unit, unit_for
from orchestrator.errors import RequestError, UnknownNameError
from orchestrator.frozen import dataclass
from orchestrator.source.demand import RETIRED, Standing
from orchestrator.source.refs.branch import full_ref
from orchestrator.steps.contract import Execution
from orchestrator.steps.retire import RetireInput, RetireResult, RetireStatus, stack_of
from orchestrator.steps.retire_approval import deletion

_LOOK_SECONDS = 3.0


@dataclass(frozen=True)
class Place:
    """Where something is left of a unit.

    Attributes:
        stack: its name.
        environment: None for the tooling account, where its state machines are.
    """

    stack: str
    environment: Environment | None

    def __str__(self) -> str:
        if self.environment is None:
            return f"{self.stack} with its state machines"
        return f"{self.stack} in {self.environment.name} ({', '.join(map(str, self.environment.targets))})"


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(retire))


def retire(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name; its folder must be gone from the branch.")],
    *,
    delete: Annotated[bool, Option("--delete", help="Delete its stacks in all accounts.")] = False,
    yes: Annotated[bool, Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Show what is left of a unit that is gone, or delete it: the last environment first, its state machines last."""
    here: Context = context.obj
    standing = _standing(here, unit)
    if standing.definition != RETIRED:
        branch = here.organization.repository.branch
        tell(here, branch, here.repository.commit(full_ref(branch)).id)
        say(f"{unit} is being retired: its state machine will start nothing any more. Run this again in a minute.")
        return
    pipeline, commit = (standing.demand.pipeline, standing.demand.commit) if standing.demand else ("{}", "")
    known = unit_for(unit, pipeline)
    places = list(_places(here, known))
    say(f"{unit} is retired: its state machine starts nothing any more. What is left of it:")
    for place in places:
        say(f"  {place}")
    for promotion in here.wiring.ledger.promotions.under_way(unit):
        say(f"Still under way: {promotion.name}. It may be approved or rejected; 'orchestrator abort {unit}' ends it.")
    if not delete:
        say(f"To delete all of it: orchestrator retire {unit} --delete")
        return
    ask(f"Delete these {len(places)} stacks, with all that is in them?", yes=yes, otherwise="Nothing was deleted.")
    for place in places:
        if place.environment is None:
            _delete_planned(here, known, commit, places)
        _delete(here, unit, place, commit)
        say(f"Deleted {place}")


def _delete_planned(here: Context, known: Unit, commit: str, places: list[Place]) -> None:
    """Delete the empty stacks that plans left in environments where nothing was deployed."""
    deployed = [place.environment for place in places]
    for environment in here.organization.environments:
        if environment not in deployed:
            place = Place(known.stack_name(environment.name, here.organization), environment)
            _delete(here, known.name, place, commit)


def _standing(here: Context, unit: str) -> Standing:
    branch = here.organization.repository.branch
    if unit in here.catalog(branch).names:
        raise RequestError(f"{unit} is still in {branch}: remove its folder and merge that first.")
    standings = here.wiring.ledger.branches.standings(branch)
    if unit not in standings:
        raise UnknownNameError(
            "retired unit", unit, [name for name, one in standings.items() if one.definition == RETIRED]
        )
    return standings[unit]


def _places(here: Context, known: Unit) -> Iterator[Place]:
    for name in reversed(here.organization.environment_names):
        running = here.wiring.ledger.environments.running(known.name, name)
        if running.version:
            yield Place(stack_of(known, running, here.organization), here.organization.environment(name))
    yield Place(known.promotion_stack_name, None)


def _delete(here: Context, unit: str, place: Place, commit: str) -> None:
    """Delete a stack. Whoever asks for it approves it, too, as far as the environment asks for that.

    Raises:
        RequestError: other approvals are missing.
    """
    call = here.wiring.function(here.organization.function_arn("retire"))
    who = here.caller
    asker = Execution(id=who, name=f"retire-{who.rsplit('/', 1)[-1]}", started_at=datetime.now(UTC))
    proof = proof_of(here, deletion(unit, place.environment.name, place.stack, commit)) if place.environment else None
    begun = False
    while True:
        step = RetireInput(
            unit=unit,
            environment=place.environment,
            stack_name=place.stack,
            begun=begun,
            execution=asker,
            proof=None if begun else proof,
        )
        answer = RetireResult.model_validate(call(step.model_dump(mode="json", by_alias=True)))
        if answer.status is RetireStatus.DELETED:
            return
        if answer.status is RetireStatus.NOT_APPROVED:
            raise RequestError(f"{place} is not deleted: {answer.message}")
        begun = True
        time.sleep(_LOOK_SECONDS)
