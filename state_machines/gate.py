"""The gates: starting an execution of one *is* the click on approve or reject.

`<unit>-approve-<environment>` decides on a release, `train-approve-<environment>` on all releases of a train at once.
"""

from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.guardrails.rules import tightening
from orchestrator.steps.contract import Status
from state_machines.states import State, choice, fail, task, wait


def gate(unit: Unit, environment: str, organization: Organization) -> State:
    """The definition of a unit's gate for one environment."""
    merged = tightening(unit, organization.environment(environment))
    document = merged.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    parameters = {"unit": unit.name, "environment": environment, **({"merged": document} if document else {})}
    return _gate(f"{unit.name} for {environment}", '"release": "0.2.1"', parameters, organization)


def train_gate(environment: str, organization: Organization) -> State:
    """The definition of the gate of all trains for one environment; whose decisions count is in the ledger."""
    return _gate(f"a train for {environment}", '"train": "billing-42"', {"environment": environment}, organization)


def _gate(what: str, subject: str, parameters: State, organization: Organization) -> State:
    given = {
        "gate.$": "$$.Execution.Id",
        "started_at.$": "$$.Execution.StartTime",
        "decision.$": "$$.Execution.Input",
    }
    ways = {
        Status.APPROVED: "Approved",
        Status.REJECTED: "Rejected",
        Status.COUNTED: "Counted",
        Status.IN_PROGRESS: "Wait to decide",
        Status.REFUSED: "Refused",
    }
    return {
        "Comment": (
            f'Approves or rejects {what}: {{{subject}, "decision": "approve" or "reject", "plan": "...", '
            '"reason": "..."}. The notification tells the plan.'
        ),
        "StartAt": "Decide",
        "States": {
            "Decide": task(organization.function_arn("decide"), {**parameters, **given}, then="Decided?"),
            **choice("Decided?", "$.status", ways),
            "Approved": {"Type": "Succeed"},
            "Rejected": {"Type": "Succeed"},
            "Counted": {"Type": "Succeed"},
            "Wait to decide": wait("$.retry_after", then="Decide"),
            "Refused": fail("$.status", "$.message"),
        },
    }
