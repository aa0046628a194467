"""What people are told: subjects and texts of notifications, with links that work and JSON to paste."""

import json

from pydantic import BaseModel, ConfigDict

from orchestrator.ledger.trains import Train
from orchestrator.steps.contract import Release
from orchestrator.steps.gate_input import plan_prefix
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
    decision = json.dumps(
        {"release": release.version, "decision": "approve", "plan": plan_prefix(plan.hash), "reason": ""}
    )
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


def train_approval_notice(train: Train, plans: list[Plan], shown: str, gate_arn: str) -> Notice:
    """Ask people to decide on all plans of a train at once.

    Args:
        train: the train that waits.
        plans: one for each member.
        shown: hash over all of them, which a decision names.
        gate_arn: the gate's state machine.
    """
    environment = plans[0].environment
    decision = json.dumps({"train": train.name, "decision": "approve", "plan": plan_prefix(shown), "reason": ""})
    lines = [
        line for plan in plans for line in ("", plan.summary, *_at_most(max(5, _LINES // len(plans)), list(plan.lines)))
    ]
    text = "\n".join(
        [
            f"The train {train.name} asks to deploy to {environment}: {', '.join(plan.release for plan in plans)}.",
            *lines,
            "",
            f"To decide, start an execution of the gate with this input (or 'reject' for 'approve'):\n{decision}",
            f"Gate: {state_machine_link(gate_arn)}",
            f"Or: orchestrator train approve {train.name} {environment} --reason '...'",
            "",
            f"Train: {execution_link(train.execution)}",
        ]
    )
    return Notice(subject=_subject(f"Approve the train {train.name} for {environment}?"), text=text)


def failure_notice(unit: str, execution: str, status: str, message: str) -> Notice:
    """Tell people that a promotion did not end as it was meant to."""
    text = f"{message}\n\nPromotion: {execution_link(execution)}"
    return Notice(subject=_subject(f"Promotion of {unit} {status.lower().replace('_', ' ')}"), text=text)


def train_failure_notice(train: str, execution: str, outcome: str, message: str) -> Notice:
    """Tell people that a train did not arrive as it was meant to."""
    text = f"{message}\n\nTrain: {execution_link(execution)}\nMore: orchestrator train status {train}"
    return Notice(subject=_subject(f"Train {train} {outcome.lower().replace('_', ' ')}"), text=text)


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
