"""What people are told: subjects and texts of notifications, with links that work and JSON to paste."""

import json

from pydantic import BaseModel, ConfigDict

from orchestrator.steps.contract import Release
from orchestrator.steps.plan_document import Plan

_SUBJECT_LIMIT = 100
# A message may have 256 KiB, and a person's patience less.
_LINES = 60
_LINE_LENGTH = 300


class Notice(BaseModel):
    """A notification."""

    model_config = ConfigDict(frozen=True)

    subject: str
    text: str


def approval_notice(release: Release, plan: Plan, plan_key: str, gate_arn: str, execution: str) -> Notice:
    """Ask people to decide, telling what on and how. The task token is no part of it.

    Args:
        release: what is to be deployed.
        plan: what that would change.
        plan_key: where the whole plan is kept.
        gate_arn: the gate's state machine.
        execution: the promotion that waits.
    """
    decision = json.dumps({"release": release.version, "decision": "approve", "reason": ""})
    text = "\n".join(
        [
            plan.summary,
            "",
            *_at_most(_LINES, list(plan.lines)),
            "",
            f"To decide, start an execution of the gate with this input (or 'reject' for 'approve'):\n{decision}",
            f"Gate: {state_machine_link(gate_arn)}",
            f"Or: orchestrator approve {release.unit} {plan.environment} --release {release.version} --reason '...'",
            "",
            f"Promotion: {execution_link(execution)}",
            f"Whole plan: {plan_key} in the tooling account's artifacts bucket",
        ]
    )
    return Notice(subject=_subject(f"Approve {release.name} for {plan.environment}?"), text=text)


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


def _at_most(count: int, lines: list[str]) -> list[str]:
    shown = [line if len(line) <= _LINE_LENGTH else f"{line[: _LINE_LENGTH - 3]}..." for line in lines[:count]]
    return [*shown, f"... and {len(lines) - count} more lines: see the whole plan."] if lines[count:] else shown


def _console(arn: str) -> str:
    region = arn.split(":")[3]
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}"


def _subject(text: str) -> str:
    return text if len(text) <= _SUBJECT_LIMIT else f"{text[: _SUBJECT_LIMIT - 3]}..."
