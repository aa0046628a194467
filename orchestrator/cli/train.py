"""`orchestrator train`: units promoted together, from one bill of materials."""

import secrets
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import click

from orchestrator.cli.context import Context
from orchestrator.cli.decide import Yes, confirm, start_gate
from orchestrator.cli.output import Format, complain, note, say, say_json
from orchestrator.cli.parameters import Argument, Option, group
from orchestrator.cli.tables import show, table, text
from orchestrator.cli.train_view import pending_plans, show_plans, show_train, shown_plans, train_document, waiting
from orchestrator.config.load import parse_toml
from orchestrator.errors import ConfigurationError, RequestError, UnknownNameError
from orchestrator.ledger.trains import Train
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.start import Starter
from orchestrator.promotions.trains import TrainRecovery
from orchestrator.steps.gate_input import TrainGateInput
from orchestrator.steps.on_train_change import how_a_train_ended
from orchestrator.steps.resolve_train import resolve_bom
from orchestrator.trains.bom import FILE_NAME, TrainFile, read_bom
from orchestrator.trains.names import ARRIVED, TRAIN_MACHINE, train_gate_name

Name = Annotated[str, Argument(help="The train's name, as 'train start' said it.")]
EnvironmentName = Annotated[str, Argument(help="The environment that waits.")]
Reason = Annotated[str, Option(help="Kept in the ledger.")]
_SHOWN = 20


def register(app: click.Group) -> None:
    """Add the commands below `train`."""
    app.add_command(group(train, start, status, history, approve, reject, retry, abort))


def train() -> None:
    """Promote several units together, environment by environment: a release train."""


def start(
    context: click.Context,
    units: Annotated[list[str] | None, Argument(help="Releases, such as orders@0.2.1 or invoices@latest.")] = None,
    file: Annotated[Path | None, Option(help=f"A {FILE_NAME}; what else is said here counts more.")] = None,
    name: Annotated[str | None, Option(help="Unique; made up when left out.")] = None,
    first: Annotated[str | None, Option("--from", help="The environment to begin with.")] = None,
    last: Annotated[str | None, Option("--to", help="The environment to end with.")] = None,
    on_failure: Annotated[str | None, Option(help="stop, continue or roll_back; stop when left out.")] = None,
    reason: Annotated[str | None, Option(help="Kept in the ledger.")] = None,
    *,
    override_freeze: Annotated[
        bool, Option("--override-freeze", help="Deploy in spite of freezes and windows; needs --reason.")
    ] = False,
    wait: Annotated[bool, Option("--wait", help="Follow it until it ends; exits 1 unless it arrives.")] = False,
) -> None:
    """Start a train: all members reach an environment before any goes to the next one."""
    here: Context = context.obj
    options = {
        "units": units,
        "name": name,
        "from": first,
        "to": last,
        "on_failure": on_failure,
        "reason": reason,
        "override_freeze": override_freeze,
    }
    bom = read_bom(
        {**(_read(file, units) if file else {}), **{key: value for key, value in options.items() if value}}, file
    )
    execution = start_train(here, bom)
    if wait:
        _follow(here, execution)


def start_train(here: Context, bom: TrainFile) -> str:
    """Check a bill of materials against repository and ledger, and start its train; returns the execution's ARN."""
    asked = resolve_bom(here.wiring.ledger, here.catalog("HEAD"), here.wiring.stepfunctions, bom)
    name = bom.name or f"train-{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(2)}"
    if here.wiring.ledger.trains.train(name):
        raise RequestError(f"There is a train {name} already: leave --name out, or 'orchestrator train retry {name}'.")
    request = bom.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"name"})
    request["units"] = [f"{unit}@{version}" for unit, version in asked.versions.items()]
    starter = Starter(here.wiring.stepfunctions, lambda: datetime.now(UTC))
    execution = starter.start_named(here.organization.state_machine_arn(TRAIN_MACHINE), name, request)
    order = ", then ".join(", ".join(f"{unit}@{asked.versions[unit]}" for unit in wave) for wave in asked.waves)
    say(f"Started {execution}")
    say(f"In each environment: {order}. See 'orchestrator train status {name}'.")
    return execution


def status(
    context: click.Context, name: Name, output: Annotated[Format, Option(help="What to print.")] = Format.TABLE
) -> None:
    """Show what a train did to whom, and where it is."""
    here: Context = context.obj
    found = find_train(here, name)
    if output is Format.JSON:
        say_json(train_document(here, found))
        return
    show_train(here, found)


def history(
    context: click.Context,
    limit: Annotated[int, Option(help="How many at the most, newest first.", min=1)] = _SHOWN,
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
) -> None:
    """List the trains, and how each one ended."""
    here: Context = context.obj
    found = list(islice(here.wiring.ledger.trains.newest(), limit))
    if output is Format.JSON:
        say_json([one.model_dump(mode="json") for one in found])
        return
    shown = table("Trains", "started", "name", "releases", "outcome", "what happened")
    for one in found:
        releases = ", ".join(f"{unit}@{one.versions[unit]}" if unit in one.versions else unit for unit in one.members)
        outcome = one.outcome or one.status
        shown.add_row(f"{one.started_at:%Y-%m-%d %H:%M}", one.name, text(releases), text(outcome), text(one.message))
    show(shown)


def retry(
    context: click.Context,
    name: Name,
    *,
    wait: Annotated[bool, Option("--wait", help="Follow it until it ends; exits 1 unless it arrives.")] = False,
) -> None:
    """Go on with a train that failed: its members that are not there yet, from the environment it failed in."""
    here: Context = context.obj
    resumed = _recovery(here).retry(find_train(here, name))
    say(f"Goes on as {resumed}")
    if wait:
        _follow(here, resumed)


def abort(
    context: click.Context,
    name: Name,
    reason: Annotated[str, Option(help="Kept in the ledger.")] = "stopped by hand",
) -> None:
    """Stop a train and the promotions that move its members. What CloudFormation has begun it ends by itself."""
    here: Context = context.obj
    for stopped in _recovery(here).abort(find_train(here, name), reason):
        say(f"Stopped {stopped}")


def approve(
    context: click.Context, name: Name, environment: EnvironmentName, reason: Reason = "", *, yes: Yes = False
) -> None:
    """Show all plans of a train for an environment that waits for it, and approve it."""
    here: Context = context.obj
    here.organization.environment(environment)
    plans = pending_plans(here, find_train(here, name), environment)
    if plans:
        show_plans(plans)
        confirm(yes=yes, how=f"orchestrator train approve {name} {environment} --yes")
    shown = shown_plans(plans)
    say(decide(here, name, environment, TrainGateInput(train=name, decision="approve", plan=shown, reason=reason)))


def reject(context: click.Context, name: Name, environment: EnvironmentName, reason: Reason = "") -> None:
    """Reject a train for an environment that waits for it: it goes no further."""
    here: Context = context.obj
    here.organization.environment(environment)
    shown = shown_plans(pending_plans(here, find_train(here, name), environment))
    say(decide(here, name, environment, TrainGateInput(train=name, decision="reject", plan=shown, reason=reason)))


def decide(here: Context, name: str, environment: str, given: TrainGateInput) -> str:
    """Start the gate of trains and wait for its answer.

    Raises:
        UnknownNameError: there is no such train or environment.
        RequestError: the decision was refused.
    """
    here.organization.environment(environment)
    find_train(here, name)
    return start_gate(here, train_gate_name(environment), None, environment, given)


def find_train(here: Context, name: str) -> Train:
    """Look a train up in the ledger.

    Raises:
        UnknownNameError: there is none of that name.
    """
    found = here.wiring.ledger.trains.train(name)
    if found is None:
        known = [one.name for one in islice(here.wiring.ledger.trains.newest(), _SHOWN)]
        raise UnknownNameError("train", name, known, "'orchestrator train history' lists all.")
    return found


def _read(file: Path, units: list[str] | None) -> dict[str, Any]:
    """What a `train.toml` says; the releases are named there or on the command line."""
    try:
        document = parse_toml(file.read_bytes(), str(file))
    except OSError as error:
        raise ConfigurationError(str(file), f"cannot be read: {error.strerror}.") from error
    if units and document.get("units"):
        raise RequestError(
            f"{file} names releases, and so does the command line: which ones are meant? Leave {', '.join(units)} out, "
            "or 'units' of the file."
        )
    return document


def _recovery(here: Context) -> TrainRecovery:
    stepfunctions = here.wiring.stepfunctions
    return TrainRecovery(here.wiring.ledger, stepfunctions, Starter(stepfunctions, lambda: datetime.now(UTC)))


def _follow(here: Context, execution: str) -> None:
    """Wait for a train's end, and say what it waits for meanwhile; exits 1 unless all of it arrived."""
    told: list[str] = []

    def tell() -> None:
        for one in waiting(here, execution.rsplit(":", 1)[-1], execution):
            if one not in told:
                told.append(one)
                note(f"It {one}")

    described = Follower(here.wiring.stepfunctions, time.sleep).result(execution, tell)
    ended = how_a_train_ended(described["status"], described)
    if ended.outcome != ARRIVED:
        complain(f"The train ended as {ended.outcome}: {ended.message}")
        raise click.exceptions.Exit(1)
    say(ended.message)
