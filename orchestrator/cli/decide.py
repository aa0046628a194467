"""`orchestrator approve` and `orchestrator reject`: start the gate that waits, as the console does."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import click
from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.promote import check_environment
from orchestrator.config.unit import gate_name
from orchestrator.config.windows import opens_at
from orchestrator.errors import AccessError, RequestError, UnknownNameError
from orchestrator.identity.proof import sign
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.start import Starter
from orchestrator.releases import layout
from orchestrator.steps.gate_input import GateInput, TrainGateInput, decision_of, plan_prefix, subject_of
from orchestrator.steps.plan_document import Plan

# There is none of that name, or none can be.
_NO_GATE = ("StateMachineDoesNotExist", "InvalidArn", "ValidationException")
_DENIED = ("AccessDenied", "AccessDeniedException")
UnitName = Annotated[str, Argument(help="The unit's name.")]
EnvironmentName = Annotated[str, Argument(help="The environment that waits.")]
Release = Annotated[str, Option(help="The version that is decided on.")]
Yes = Annotated[bool, Option("--yes", help="Skip confirmation.")]
Reason = Annotated[str, Option(help="Kept in the ledger.")]


def register(app: click.Group) -> None:
    """Add both commands."""
    app.add_command(command(approve))
    app.add_command(command(reject))


def approve(
    context: click.Context,
    unit: UnitName,
    environment: EnvironmentName,
    release: Release,
    reason: Reason = "",
    *,
    yes: Yes = False,
) -> None:
    """Show what a release would change in an environment that waits for it, and approve it."""
    here: Context = context.obj
    plan = pending_plan(here, unit, environment, release)
    if plan:
        show_plan(plan)
        confirm(yes=yes, how=f"orchestrator approve {unit} {environment} --release {release} --yes")
    decision = {"release": release, "decision": "approve", "plan": named(plan), "reason": reason}
    say(decide(here, unit, environment, decision))
    now = datetime.now(UTC)
    opening = opens_at(here.organization.environment(environment).windows, now)
    if opening is not None and opening > now:
        say(
            f"{environment} is outside its deployment windows: the deployment waits until {opening:%Y-%m-%d %H:%M} UTC."
        )


def reject(
    context: click.Context, unit: UnitName, environment: EnvironmentName, release: Release, reason: Reason = ""
) -> None:
    """Reject a release for an environment that waits for it."""
    here: Context = context.obj
    plan = named(pending_plan(here, unit, environment, release))
    say(decide(here, unit, environment, {"release": release, "decision": "reject", "plan": plan, "reason": reason}))


def confirm(*, yes: bool, how: str) -> None:
    """Ask before an approval is signed.

    Args:
        yes: whether to skip that.
        how: the command that skips it.

    Raises:
        RequestError: it is not to be skipped, and nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise RequestError(f"Nothing was approved: there is no terminal to ask at. Read the plan, then run: {how}")
    click.confirm("Approve this?", abort=True, err=True)


def show_plan(plan: Plan) -> None:
    """Show what a decision is about."""
    say(plan.summary)
    for line in plan.lines:
        say(f"  {line}")


def named(plan: Plan | None) -> str:
    """What a decision names a plan by; nothing when nothing waits, which the gate says better."""
    return plan_prefix(plan.hash) if plan else ""


def pending_plan(here: Context, unit: str, environment: str, version: str) -> Plan | None:
    """Read the plan that waits for a decision; None when nothing waits.

    Raises:
        AccessError: it cannot be read.
    """
    with plans_are_read(unit):
        request = here.wiring.ledger.approvals.request(unit, environment)
        if request is None or (request.status, request.version) != ("PENDING", version):
            return None
        key = layout.plan_key(unit, request.execution.rsplit(":", 1)[-1], environment)
        return Plan.read(here.wiring.store, key, request.plan_hash)


@contextmanager
def plans_are_read(what: str) -> Iterator[None]:
    """Turn what keeps somebody from reading plans into a sentence.

    Raises:
        AccessError: something did.
    """
    try:
        yield
    except ClientError as error:
        if error_code(error) not in _DENIED:
            raise
        raise AccessError(
            f"The plan of {what} cannot be shown to you, so you cannot decide on it: {error} Approvers must be allowed "
            "to read the ledger, and plans/* in the tooling account's artifacts bucket."
        ) from error


def decide(here: Context, unit: str, environment: str, decision: dict[str, str]) -> str:
    """Start the gate and wait for its answer.

    Raises:
        RequestError: the unit has no gate there, or the decision was refused.
    """
    given = GateInput.model_validate(decision)
    try:
        found = here.catalog("HEAD").unit(unit)
    except UnknownNameError as unknown:
        return _decide_on_retired(here, unit, environment, given, unknown)
    check_environment(here, found, environment)
    return start_gate(here, found.gate_name(environment), unit, environment, given)


def _decide_on_retired(here: Context, unit: str, environment: str, given: GateInput, unknown: UnknownNameError) -> str:
    """Decide on a unit whose folder is gone: what was under way then may wait, and its gates are still there."""
    try:
        return start_gate(here, gate_name(unit, environment), unit, environment, given)
    except ClientError as error:
        if error_code(error) in _NO_GATE:
            raise unknown from error
        raise


def start_gate(here: Context, gate: str, unit: str | None, environment: str, given: GateInput | TrainGateInput) -> str:
    """Start a gate with a proof of who decides, and wait for its answer.

    Args:
        here: where the command runs.
        gate: the gate's name.
        unit: whose gate it is; None for that of trains.
        environment: the environment that waits.
        given: the decision.

    Raises:
        RequestError: the decision was refused.
    """
    proof = proof_of(here, decision_of(subject_of(unit, given), environment, given))
    starter = Starter(here.wiring.stepfunctions, lambda: datetime.now(UTC))
    arn = here.organization.state_machine_arn(gate)
    execution = starter.start(arn, given.decision, {**given.model_dump(), "proof": proof})
    result = Follower(here.wiring.stepfunctions, time.sleep, interval=0.5).result(execution)
    if result["status"] != "SUCCEEDED":
        raise RequestError(f"Refused: {result.get('cause') or result['status']}")
    return str(json.loads(result["output"])["message"])


def proof_of(here: Context, decision: dict[str, str]) -> str:
    """Sign a decision with the caller's credentials, so that the ledger can say who made it."""
    session = here.session(here.organization.tooling.region)
    credentials = session.get_credentials()
    if credentials is None:
        raise AccessError("There are no AWS credentials to decide with: set AWS_PROFILE or --profile.")
    return sign(credentials, session.client("sts", config=CLIENT), decision)
