"""The gate `<unit>-approve-<environment>`: starting an execution of it *is* the click on approve or reject."""

from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from state_machines.states import State, choice, fail, task


def gate(unit: Unit, environment: str, organization: Organization) -> State:
    """The definition of a unit's gate for one environment."""
    parameters = {
        "unit": unit.name,
        "environment": environment,
        "gate.$": "$$.Execution.Id",
        "decision.$": "$$.Execution.Input",
    }
    ways = {"APPROVED": "Approved", "REJECTED": "Rejected"}
    return {
        "Comment": (
            f"Approves or rejects {unit.name} for {environment}. Start an execution with "
            '{"release": "0.2.1", "decision": "approve", "reason": "..."}; "decision" may also be "reject".'
        ),
        "StartAt": "Decide",
        "States": {
            "Decide": task(organization.function_arn("decide"), parameters, then="Decided?"),
            "Decided?": choice("$.status", ways, default="Refused"),
            "Approved": {"Type": "Succeed"},
            "Rejected": {"Type": "Succeed"},
            "Refused": fail("$.status", "$.message"),
        },
    }
