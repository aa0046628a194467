"""The state machine `promote-<unit>`: one execution moves one release through the environments.

Build? -> Build -> Resolve release -> Begin
-> for each environment, in order:
Plan -> [Approve] -> Deploy -> Smoke-test -> next, or Roll back -> Failed
"""

from orchestrator.config.environment import Environment
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from state_machines.build import build_state
from state_machines.states import EXECUTION, RETRY, State, States, choice, fail, task, wait

PROMOTED = "Promoted"
SUPERSEDED = "Superseded"
_IS_ROLLBACK: State = {
    "And": [
        {"Variable": "$.request.rollback", "IsPresent": True},
        {"Variable": "$.request.rollback", "BooleanEquals": True},
    ]
}


def promotion(unit: Unit, organization: Organization) -> State:
    """The definition of a unit's promotion.

    Args:
        unit: the unit, with its settings.
        organization: the environments in order, and where the Lambdas are.

    Returns:
        Amazon States Language, as a dictionary.
    """
    names = unit.environments(organization)
    states: States = {**_beginning(unit, organization, names)}
    for name, following in zip(names, [*names[1:], None], strict=True):
        states.update(_EnvironmentStates(unit, organization, organization.environment(name), following).states())
    states[PROMOTED] = {"Type": "Succeed"}
    states[SUPERSEDED] = {"Type": "Succeed"}
    return {
        "Comment": f"Promotes {unit.name} through {', '.join(names)}",
        "StartAt": "Build?",
        "States": states,
    }


def _beginning(unit: Unit, organization: Organization, names: list[str]) -> States:
    begin = choice("$.first", {name: f"Plan {name}" for name in names}, f"Plan {names[0]}")
    only_built = {"Variable": "$.first", "IsNull": True, "Next": PROMOTED}
    begin["Choices"].insert(0, only_built)
    return {
        "Build?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.version", "IsPresent": True, "Next": "Resolve release"}],
            "Default": "Build",
        },
        "Build": build_state(unit, organization, then="Resolve release"),
        "Resolve release": task(
            organization.function_arn("resolve_release"),
            {"unit": unit.name, "request.$": "$$.Execution.Input", "environments": names, "execution": EXECUTION},
            then="Begin",
        ),
        "Begin": begin,
    }


def _later(again: str) -> dict[str, str]:
    """Where statuses lead with which it is worth asking again."""
    return dict.fromkeys(("IN_PROGRESS", "BUSY", "QUEUED", "FROZEN"), again)


def _never(stopped: str) -> dict[str, str]:
    """Where statuses lead with which a promotion is over."""
    return {"SUPERSEDED": SUPERSEDED, **dict.fromkeys(("HELD", "QUARANTINED", "TRAIN_ENDED"), stopped)}


class _EnvironmentStates:
    """The states of one environment."""

    def __init__(self, unit: Unit, organization: Organization, environment: Environment, following: str | None) -> None:
        self._unit = unit
        self._organization = organization
        self._environment = environment
        self._name = environment.name
        self._after = f"Plan {following}" if following else PROMOTED
        self._gated = unit.needs_approval(environment.name, organization)

    def states(self) -> States:
        """All of them, by name."""
        gate = self._approve() if self._gated else {}
        return {**self._plan(), **gate, **self._deploy(), **self._verify(), **self._roll_back()}

    def _plan(self) -> States:
        name = self._name
        ready = f"Approve {name}" if self._gated else f"Deploy {name}"
        again, stopped = f"Wait to plan {name}", f"Stopped before {name}"
        planned = choice(self._path("plan.status"), {**_later(again), **_never(stopped)}, default=ready)
        if self._gated and not self._environment.rollback_approval:
            planned["Choices"].append(_IS_ROLLBACK | {"Next": f"Deploy {name}"})
        return {
            f"Plan {name}": self._task("plan", then=f"Planned {name}?", part="plan"),
            f"Planned {name}?": planned,
            again: wait(self._path("plan.retry_after"), then=f"Plan {name}"),
            stopped: fail(self._path("plan.status"), self._path("plan.message")),
        }

    def _approve(self) -> States:
        name = self._name
        gate = self._organization.state_machine_arn(self._unit.gate_name(name))
        payload = {
            **self._input(),
            "plan.$": self._path("plan"),
            "gate_arn": gate,
            "token.$": "$$.Task.Token",
        }
        ways = {"APPROVED": f"Deploy {name}", "SUPERSEDED": SUPERSEDED}
        timed_out = {
            "ErrorEquals": ["States.Timeout"],
            "ResultPath": self._path("timeout"),
            "Next": f"Timed out {name}",
        }
        return {
            f"Approve {name}": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {
                    "FunctionName": self._organization.function_arn("request_approval"),
                    "Payload": payload,
                },
                "TimeoutSeconds": self._environment.approval_timeout_hours * 3600,
                "Retry": RETRY,
                "Catch": [timed_out],
                "ResultPath": self._path("approval"),
                "Next": f"Approved {name}?",
            },
            f"Approved {name}?": choice(self._path("approval.status"), ways, default=f"Rejected {name}"),
            f"Rejected {name}": fail(self._path("approval.status"), self._path("approval.message")),
            f"Timed out {name}": {
                "Type": "Fail",
                "Error": "TIMED_OUT",
                "Cause": f"Nobody decided on {name} within {self._environment.approval_timeout_hours} hours.",
            },
        }

    def _deploy(self) -> States:
        name = self._name
        again, stopped = f"Wait to deploy {name}", f"Stopped in {name}"
        ways = {
            "SUCCEEDED": f"Smoke-test {name}",
            "STALE": f"Plan {name}",
            **_later(again),
            **_never(stopped),
        }
        extra = {"plan.$": self._path("plan"), "gated": self._gated, "approval.$": self._path("approval")}
        return {
            f"Deploy {name}": self._task("deploy", f"Deployed {name}?", "deployment", extra),
            f"Deployed {name}?": choice(self._path("deployment.status"), ways, default=f"Roll back {name}"),
            again: wait(self._path("deployment.retry_after"), then=f"Deploy {name}"),
            stopped: fail(self._path("deployment.status"), self._path("deployment.message")),
        }

    def _verify(self) -> States:
        name = self._name
        passed = self._path("smoke_test.status")
        return {
            f"Smoke-test {name}": self._task("smoke_test", then=f"Healthy {name}?", part="smoke_test"),
            f"Healthy {name}?": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [
                            {"Variable": passed, "StringEquals": "SUCCEEDED"},
                            {"Variable": "$.last", "StringEquals": name},
                        ],
                        "Next": PROMOTED,
                    },
                    {"Variable": passed, "StringEquals": "SUCCEEDED", "Next": self._after},
                ],
                "Default": f"Roll back {name}",
            },
        }

    def _roll_back(self) -> States:
        """Return to the last known good release after whichever part of the document says FAILED."""
        name = self._name
        again = f"Wait to roll back {name}"
        return {
            f"Roll back {name}": self._task(
                "roll_back", f"Rolled back {name}?", "rollback", {"environment_part.$": self._path()}
            ),
            f"Rolled back {name}?": choice(self._path("rollback.status"), {"IN_PROGRESS": again}, f"Failed {name}"),
            again: wait(self._path("rollback.retry_after"), then=f"Roll back {name}"),
            f"Failed {name}": fail(self._path("rollback.status"), self._path("rollback.message")),
        }

    def _task(self, step: str, then: str, part: str, extra: State | None = None) -> State:
        parameters = {**self._input(), **(extra or {})}
        return task(self._organization.function_arn(step), parameters, then, self._path(part))

    def _input(self) -> State:
        return {
            "release.$": "$.release",
            "environment": self._environment.model_dump(mode="json", by_alias=True),
            "stack_name": self._unit.stack_name(self._name, self._organization),
            "execution.$": "$.execution",
            "request.$": "$.request",
            "concurrency": self._unit.settings.concurrency,
        }

    def _path(self, *rest: str) -> str:
        return ".".join([f"$.environments.{self._name}", *rest])
