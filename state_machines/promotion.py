"""The state machine `promote-<unit>`: one execution moves one release through the environments.

Build? -> Prepare build -> Build -> Resolve release -> Begin
-> for each environment, in order:
Plan -> Approve, where it is asked for -> Deploy -> Smoke-test -> next, or Roll back -> Failed
"""

from orchestrator.config.environment import Environment
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.guardrails.rules import tightening
from orchestrator.steps.contract import LATER, NEVER, PLANNED, Status
from state_machines.build import PREPARE, build_states
from state_machines.states import EXECUTION, RETRY, State, States, choice, equals, fail, is_true, one_of, task, wait

PROMOTED = "Promoted"
SUPERSEDED = "Superseded"


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
    only_built = {"Variable": "$.first", "IsNull": True, "Next": PROMOTED}
    asked_for = (("version", "Resolve release"), ("commit", PREPARE))
    return {
        "Build?": {
            "Type": "Choice",
            "Choices": [{"Variable": f"$.{key}", "IsPresent": True, "Next": then} for key, then in asked_for],
            "Default": "Nothing to promote",
        },
        "Nothing to promote": {
            "Type": "Fail",
            "Error": "RequestError",
            "Cause": "The promotion's input must name either a version or a commit, such as "
            '{"version": "0.2.1"} or {"commit": "<sha>"}.',
        },
        **build_states(unit, organization, then="Resolve release"),
        "Resolve release": task(
            organization.function_arn("resolve_release"),
            {"unit": unit.name, "request.$": "$$.Execution.Input", "environments": names, "execution": EXECUTION},
            then="Begin",
        ),
        **choice("Begin", "$.first", {name: f"Plan {name}" for name in names}, first=[only_built]),
    }


class _EnvironmentStates:
    """The states of one environment.

    All environments have the same ones: whether somebody must approve is in Plan's answer, out of the guardrails.
    """

    def __init__(self, unit: Unit, organization: Organization, environment: Environment, following: str | None) -> None:
        self._unit = unit
        self._organization = organization
        self._environment = environment
        self._name = environment.name
        self._after = f"Plan {following}" if following else PROMOTED

    def states(self) -> States:
        """All of them, by name."""
        return {**self._plan(), **self._approve(), **self._deploy(), **self._verify(), **self._roll_back()}

    def _plan(self) -> States:
        name = self._name
        again, stopped = f"Wait to plan {name}", f"Stopped before {name}"
        asks = is_true(self._path("plan.requires_approval"))
        ways = {**dict.fromkeys(PLANNED, f"Deploy {name}"), **_kept_out(again, stopped)}
        gated = {"And": [asks, one_of(self._path("plan.status"), PLANNED)], "Next": f"Approve {name}"}
        return {
            f"Plan {name}": self._task("plan", then=f"Planned {name}?", part="plan"),
            **choice(
                f"Planned {name}?",
                self._path("plan.status"),
                ways,
                first=[gated],
            ),
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
        ways = {
            Status.APPROVED: f"Deploy {name}",
            Status.SUPERSEDED: SUPERSEDED,
            Status.REJECTED: f"Rejected {name}",
        }
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
            **choice(f"Approved {name}?", self._path("approval.status"), ways),
            f"Rejected {name}": fail(self._path("approval.status"), self._path("approval.message")),
            f"Timed out {name}": {
                "Type": "Fail",
                "Error": Status.TIMED_OUT,
                "Cause": f"Nobody decided on {name} within {self._environment.approval_timeout_hours} hours.",
            },
        }

    def _deploy(self) -> States:
        name = self._name
        again, stopped = f"Wait to deploy {name}", f"Stopped in {name}"
        ways = {
            Status.SUCCEEDED: f"Smoke-test {name}",
            # Something moved since the plan, or a guardrail asks for a decision that it did not ask for then.
            Status.STALE: f"Plan {name}",
            Status.NOT_APPROVED: f"Plan {name}",
            Status.FAILED: f"Roll back {name}",
            **_kept_out(again, stopped),
        }
        extra = {"plan.$": self._path("plan"), "approval.$": self._path("approval")}
        return {
            f"Deploy {name}": self._task("deploy", f"Deployed {name}?", "deployment", extra),
            **choice(f"Deployed {name}?", self._path("deployment.status"), ways),
            again: wait(self._path("deployment.retry_after"), then=f"Deploy {name}"),
            stopped: fail(self._path("deployment.status"), self._path("deployment.message")),
        }

    def _verify(self) -> States:
        name, status = self._name, self._path("smoke_test.status")
        is_last = {"And": [equals(status, Status.SUCCEEDED), equals("$.last", name)], "Next": PROMOTED}
        ways = {Status.SUCCEEDED: self._after, Status.FAILED: f"Roll back {name}"}
        return {
            f"Smoke-test {name}": self._task("smoke_test", then=f"Healthy {name}?", part="smoke_test"),
            **choice(f"Healthy {name}?", status, ways, first=[is_last]),
        }

    def _roll_back(self) -> States:
        """Return to the last known good release after whichever part of the document says FAILED."""
        name = self._name
        again, failed = f"Wait to roll back {name}", f"Failed {name}"
        ways = {Status.IN_PROGRESS: again, Status.ROLLED_BACK: failed, Status.FAILED: failed}
        return {
            f"Roll back {name}": self._task(
                "roll_back", f"Rolled back {name}?", "rollback", {"environment_part.$": self._path()}
            ),
            **choice(f"Rolled back {name}?", self._path("rollback.status"), ways),
            again: wait(self._path("rollback.retry_after"), then=f"Roll back {name}"),
            failed: fail(self._path("rollback.status"), self._path("rollback.message")),
        }

    def _task(self, step: str, then: str, part: str, extra: State | None = None) -> State:
        parameters = {**self._input(), **(extra or {})}
        return task(self._organization.function_arn(step), parameters, then, self._path(part))

    def _input(self) -> State:
        merged = tightening(self._unit, self._environment).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        # What is as in most units is left out: a template has to fit into a request.
        concurrency = self._unit.settings.concurrency
        return {
            "release.$": "$.release",
            "environment": self._name,
            "stack_name": self._unit.stack_name(self._name, self._organization),
            "execution.$": "$.execution",
            "request.$": "$.request",
            **({"concurrency": concurrency} if concurrency != "superseded" else {}),
            **({"merged": merged} if merged else {}),
        }

    def _path(self, *rest: str) -> str:
        return ".".join([f"$.environments.{self._name}", *rest])


def _kept_out(again: str, stopped: str) -> dict[Status, str]:
    """The ways of a promotion that may not enter now, or not at all."""
    return {**dict.fromkeys(LATER, again), **dict.fromkeys(NEVER, stopped), Status.SUPERSEDED: SUPERSEDED}
