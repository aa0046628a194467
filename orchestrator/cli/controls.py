"""`orchestrator freeze`, `unfreeze`, `quarantine`, `resume`: what keeps promotions back, and what lets them on."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.promote import check_environment
from orchestrator.cli.release import find_release
from orchestrator.errors import RequestError
from orchestrator.ledger.controls import EVERY, Freeze, Quarantine
from orchestrator.steps.train_contract import TrainStatus

# Of the newest trains; each is one question to the ledger.
_LOOKED_AT = 50
Reason = Annotated[str, Option(help="Kept in the ledger, and shown to everybody who is kept back.")]
Unit = Annotated[str, Option(help="Only this unit; all when left out.")]
Environment = Annotated[str, Argument(help="The environment; all when left out.")]


def register(app: click.Group) -> None:
    """Add the commands."""
    for one in (freeze, unfreeze, quarantine, resume):
        app.add_command(command(one))


def freeze(
    context: click.Context,
    until: Annotated[str, Option(help="A moment with its offset, such as 2027-01-02T08:00+01:00, or Z.")],
    reason: Reason,
    environment: Environment = EVERY,
    unit: Unit = EVERY,
) -> None:
    """Close an environment: promotions wait before it until then, and go on by themselves."""
    here: Context = context.obj
    _check(here, environment, unit)
    moment = parse_moment(until, datetime.now(UTC))
    here.wiring.ledger.controls.set_freeze(
        Freeze(environment=environment, unit=unit, until=moment, reason=_sentence(reason), by=here.caller)
    )
    say(f"{_scope(environment, unit)} frozen until {moment:%Y-%m-%d %H:%M} UTC.")


def unfreeze(context: click.Context, environment: Environment = EVERY, unit: Unit = EVERY) -> None:
    """Open an environment again; what waits before it goes on within 45 minutes."""
    here: Context = context.obj
    _check(here, environment, unit)
    if not here.wiring.ledger.controls.lift_freeze(environment, unit, here.caller):
        known = ", ".join(_scope(one.environment, one.unit) for one in here.wiring.ledger.controls.freezes())
        raise RequestError(f"There is no freeze of just that. In force: {known or 'none'}.")
    say(f"{_scope(environment, unit)} open again.")


def quarantine(
    context: click.Context,
    release: Annotated[str, Argument(help="The release, such as orders@0.2.1.")],
    reason: Reason = "",
    *,
    lift: Annotated[bool, Option("--lift", help="Allow the release again.")] = False,
) -> None:
    """Bar a release from every environment, also in promotions under way before their next deployment."""
    here: Context = context.obj
    found = find_release(here, release)
    unit, version = found.unit, found.version
    if lift:
        if not here.wiring.ledger.controls.lift_quarantine(unit, version, here.caller):
            raise RequestError(f"{release} is not in quarantine.")
        say(f"{release} may be deployed again.")
        return
    if not reason.strip():
        raise RequestError("A quarantine must come with a --reason: it is shown to everybody who is kept back.")
    here.wiring.ledger.controls.set_quarantine(
        Quarantine(unit=unit, version=version, reason=_sentence(reason), by=here.caller)
    )
    say(f"{release} is in quarantine.")


def resume(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name.")],
    environment: Annotated[str, Argument(help="The environment that is on hold.")],
) -> None:
    """Lift a hold: automatic promotions come into the environment again."""
    here: Context = context.obj
    check_environment(here, here.catalog("HEAD").unit(unit), environment)
    if not here.wiring.ledger.controls.lift_hold(unit, environment, here.caller):
        known = ", ".join(f"{one.unit} in {one.environment}" for one in here.wiring.ledger.controls.holds())
        raise RequestError(f"{unit} is not on hold in {environment}. On hold: {known or 'nothing'}.")
    say(f"{unit} is no longer on hold in {environment}; the next merge that changes it is promoted into it.")
    say(f"What was kept back until now: {_kept_back(here, unit, environment)}")


def _kept_back(here: Context, unit: str, environment: str) -> str:
    """The command that goes on with it: with all of a train, if the unit's last one was kept back."""
    trains = islice(here.wiring.ledger.trains.newest(), _LOOKED_AT)
    last = next((one for one in trains if unit in one.members), None)
    if last and last.outcome == TrainStatus.HELD:
        return f"orchestrator train retry {last.name}"
    return f"orchestrator promote {unit} --version <version> --from {environment}"


def parse_moment(text: str, now: datetime) -> datetime:
    """Read a moment in the future, with its offset from UTC.

    Raises:
        RequestError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError) as error:
        raise RequestError(f"{text!r} is no moment: write it as 2027-01-02T08:00+01:00, or with Z for UTC.") from error
    if in_utc is None:
        raise RequestError(f"{text!r} does not say in which time zone: add an offset such as +01:00, or Z for UTC.")
    if in_utc <= now:
        raise RequestError(f"{text} is in the past.")
    return in_utc


def _check(here: Context, environment: str, unit: str) -> None:
    if environment != EVERY:
        here.organization.environment(environment)
    if unit != EVERY:
        here.catalog("HEAD").unit(unit)


def _scope(environment: str, unit: str) -> str:
    where = "Every environment is" if environment == EVERY else f"{environment} is"
    return where if unit == EVERY else where.replace(" is", f" of {unit} is")


def _sentence(reason: str) -> str:
    if not reason.strip():
        raise RequestError("A reason must say something: it is shown to everybody who is kept back.")
    return reason.strip() if reason.strip().endswith((".", "!", "?")) else f"{reason.strip()}."
