"""`orchestrator approve` and `orchestrator reject`: start the gate that waits, as the console does."""

import json
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from orchestrator.aws.session import CLIENT
from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.promote import check_environment
from orchestrator.errors import AccessError, RequestError
from orchestrator.identity.proof import sign
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.start import Starter
from orchestrator.steps.decide import GateInput, decision_of

UnitName = Annotated[str, typer.Argument(help="The unit's name.")]
EnvironmentName = Annotated[str, typer.Argument(help="The environment that waits.")]
Release = Annotated[str, typer.Option(help="The version that is decided on.")]
Reason = Annotated[str, typer.Option(help="Kept in the ledger.")]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("approve")(approve)
    app.command("reject")(reject)


def approve(
    context: typer.Context, unit: UnitName, environment: EnvironmentName, release: Release, reason: Reason = ""
) -> None:
    """Approve a release for an environment that waits for it."""
    say(decide(context.obj, unit, environment, {"release": release, "decision": "approve", "reason": reason}))


def reject(
    context: typer.Context, unit: UnitName, environment: EnvironmentName, release: Release, reason: Reason = ""
) -> None:
    """Reject a release for an environment that waits for it."""
    say(decide(context.obj, unit, environment, {"release": release, "decision": "reject", "reason": reason}))


def decide(here: Context, unit: str, environment: str, decision: dict[str, str]) -> str:
    """Start the gate and wait for its answer.

    Raises:
        RequestError: the unit has no gate there, or the decision was refused.
    """
    found = here.catalog("HEAD").unit(unit)
    check_environment(here, found, environment)
    if not found.needs_approval(environment, here.organization):
        raise RequestError(f"{unit} needs no approval in {environment}: there is nothing to decide.")
    arn = here.organization.state_machine_arn(found.gate_name(environment))
    proof = _proof(here, unit, environment, decision)
    starter = Starter(here.wiring.stepfunctions, lambda: datetime.now(UTC))
    execution = starter.start(arn, decision["decision"], {**decision, "proof": proof})
    result = Follower(here.wiring.stepfunctions, time.sleep, interval=0.5).result(execution)
    if result["status"] != "SUCCEEDED":
        raise RequestError(f"Refused: {result.get('cause') or result['status']}")
    return str(json.loads(result["output"])["message"])


def _proof(here: Context, unit: str, environment: str, decision: dict[str, str]) -> str:
    """Sign the decision with the caller's credentials, so that the ledger can say who made it."""
    session = here.session(here.organization.tooling.region)
    credentials = session.get_credentials()
    if credentials is None:
        raise AccessError("There are no AWS credentials to decide with: set AWS_PROFILE or --profile.")
    signed = decision_of(unit, environment, GateInput.model_validate(decision))
    return sign(credentials, session.client("sts", config=CLIENT), signed)
