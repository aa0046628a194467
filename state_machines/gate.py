"""The gate `<unit>-approve-<environment>`: starting an execution of it *is* the click on approve or reject."""

from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from state_machines.states import State, choice, fail, task, wait


def gate(unit: Unit, environment: str, organization: Organization) -> State:
    """The definition of a unit's gate for one environment."""
    parameters = {
        "unit": unit.name,
        "environment": environment,
        "gate.$": "$$.Execution.Id",
        "started_at.$": "$$.Execution.StartTime",
        "decision.$": "$$.Execution.Input",
        "policy": unit.approval_policy(environment, organization).model_dump(mode="json"),
    }
    ways = {"APPROVED": "Approved", "REJECTED": "Rejected", "COUNTED": "Counted", "IN_PROGRESS": "Wait to decide"}
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
            "Counted": {"Type": "Succeed"},
            "Wait to decide": wait("$.retry_after", then="Decide"),
            "Refused": fail("$.status", "$.message"),
        },
    }
