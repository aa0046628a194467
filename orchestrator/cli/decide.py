"""`orchestrator approve` and `orchestrator reject`: start the gate that waits, as the console does."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import click
from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import note, say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.promote import check_environment
from orchestrator.config.unit import gate_name
from orchestrator.config.windows import opens_at
from orchestrator.errors import AccessError, RequestError, UnknownNameError
from orchestrator.identity.proof import sign
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.start import Starter
from orchestrator.releases import layout
from orchestrator.steps.gate_input import GateInput, TrainGateInput, decision_of, subject_of
from orchestrator.steps.plan_document import Plan

# There is none of that name, or none can be.
_NO_GATE = ("StateMachineDoesNotExist", "InvalidArn", "ValidationException")
UnitName = Annotated[str, Argument(help="The unit's name.")]
EnvironmentName = Annotated[str, Argument(help="The environment that waits.")]
Release = Annotated[str, Option(help="The version that is decided on.")]
Yes = Annotated[bool, Option("--yes", help="Do not ask; where nobody can be asked, nobody is.")]
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
    if _show_plan(here, unit, environment, release) and not yes and sys.stdin.isatty():
        click.confirm("Approve this?", abort=True, err=True)
    say(decide(here, unit, environment, {"release": release, "decision": "approve", "reason": reason}))
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
    say(decide(context.obj, unit, environment, {"release": release, "decision": "reject", "reason": reason}))


def _show_plan(here: Context, unit: str, environment: str, version: str) -> bool:
    """Show the plan that is decided on, and what is closed; False when nothing waits, which the gate says better."""
    try:
        request = here.wiring.ledger.approvals.request(unit, environment)
        if request is None or (request.status, request.version) != ("PENDING", version):
            return False
        key = layout.plan_key(unit, request.execution.rsplit(":", 1)[-1], environment)
        plan = Plan.read(here.wiring.store, key, request.plan_hash)
    except ClientError as error:
        # Who may decide need not be one who may look.
        note(f"The plan cannot be shown to you: {error}")
        return True
    say(plan.summary)
    for line in plan.lines:
        say(f"  {line}")
    return True


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
