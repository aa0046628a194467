"""What people are told: subjects and texts of notifications, with links that work and JSON to paste."""

import json

from pydantic import BaseModel, ConfigDict

from orchestrator.steps.contract import PlanResult, Release

_SUBJECT_LIMIT = 100


class Notice(BaseModel):
    """A notification."""

    model_config = ConfigDict(frozen=True)

    subject: str
    text: str


def approval_notice(release: Release, environment: str, plan: PlanResult, gate_arn: str, execution: str) -> Notice:
    """Ask people to decide, telling how. The task token is no part of it."""
    decision = json.dumps({"release": release.version, "decision": "approve", "reason": ""})
    text = "\n".join(
        [
            plan.message,
            "",
            f"To decide, start an execution of the gate with this input (or 'reject' for 'approve'):\n{decision}",
            f"Gate: {state_machine_link(gate_arn)}",
            f"Or: orchestrator approve {release.unit} {environment} --release {release.version} --reason '...'",
            "",
            f"Promotion: {execution_link(execution)}",
            f"Whole plan: {plan.key} in the tooling account's artifacts bucket",
        ]
    )
    return Notice(subject=_subject(f"Approve {release.name} for {environment}?"), text=text)


def failure_notice(unit: str, execution: str, status: str, message: str) -> Notice:
    """Tell people that a promotion did not end as it was meant to."""
    text = f"{message}\n\nPromotion: {execution_link(execution)}"
    return Notice(subject=_subject(f"Promotion of {unit} {status.lower().replace('_', ' ')}"), text=text)


def execution_link(arn: str) -> str:
    """The console's page of an execution."""
    return f"{_console(arn)}#/v2/executions/details/{arn}"


def state_machine_link(arn: str) -> str:
    """The console's page of a state machine."""
    return f"{_console(arn)}#/statemachines/view/{arn}"


def _console(arn: str) -> str:
    region = arn.split(":")[3]
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}"


def _subject(text: str) -> str:
    return text if len(text) <= _SUBJECT_LIMIT else f"{text[: _SUBJECT_LIMIT - 3]}..."
