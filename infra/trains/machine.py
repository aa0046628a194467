"""The state machine `orchestrator-train`: one execution is one train, through the environments in lockstep.

Resolve train -> [Build] -> for each environment, in order:
Plan -> [Plan releases -> Approve] -> Promote (a wave) <-> Settle -> the next environment, or Roll back -> Failed

What a member does in an environment is its own promotion, `promote-<unit>`, started for that environment alone: the
train waits for it and links to it. What became of it is in the ledger, not in the train's document.
"""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from orchestrator.config.environment import Environment
from orchestrator.config.organization import Organization
from orchestrator.steps.contract import LATER, Status
from orchestrator.steps.train_contract import TrainStatus
from orchestrator.trains.names import BUILD, TRAIN_MACHINE, train_gate_name
from state_machines.states import EXECUTION, TRANSIENT

_STEP_SECONDS = 300
# Every step of the train writes here what it found.
_NOW = "$.now"
# Asked again after as many seconds as the last step said.
_AGAIN = sfn.WaitTime.seconds_path(f"{_NOW}.retry_after")


def train_machine(scope: Construct, organization: Organization, role: iam.IRole) -> None:
    """Make it.

    Args:
        scope: the stack.
        organization: its environments, its Lambdas, and how many members move at a time.
        role: what it runs with, complete as it is.
    """
    sfn.StateMachine(
        scope,
        "Train",
        state_machine_name=TRAIN_MACHINE,
        comment="Promotes units together, environment by environment, each by its own state machine",
        definition_body=sfn.DefinitionBody.from_chainable(_States(scope, organization).first),
        role=role,
    )


class _States:
    """The states, made from the last to the first: each knows where it leads.

    Attributes:
        first: where an execution begins.
    """

    def __init__(self, scope: Construct, organization: Organization) -> None:
        self._scope = Construct(scope, "States")
        self._organization = organization
        self._arrived = sfn.Succeed(self._scope, "Arrived")
        self._superseded = sfn.Succeed(self._scope, "Superseded")
        self._lambdas: dict[str, lambda_.IFunction] = {}
        following: Any = None
        for environment in reversed(organization.environments):
            following = self._environment(environment, following)
        self.first = self._beginning(following)

    def _beginning(self, first: Any) -> sfn.IChainable:
        resolve = self._step(
            "resolve_train", "Resolve train", {"request": sfn.JsonPath.object_at("$$.Execution.Input")}
        )
        settle = self._step("settle_train", "Settle builds", {"environment": BUILD})
        settle.next(
            self._choice("Built?", {TrainStatus.PASSED: first, **self._later(settle, "settle builds")}, "Not built")
        )
        build = self._move("Build")
        build.next(settle)
        resolve.next(self._choice("Resolved?", {TrainStatus.BUILD: build, TrainStatus.READY: first}, "Not resolved"))
        return resolve

    def _environment(self, environment: Environment, following: Any) -> sfn.IChainable:
        """The states of one environment; returns the one that it begins with."""
        name = environment.name
        plan = self._step("plan_train", f"Plan {name}", {"environment": name})
        promote = self._promote(name, following)
        gate = self._approve(environment, promote)
        ways = {
            TrainStatus.PLANNED: promote,
            TrainStatus.GATED: gate,
            TrainStatus.ARRIVED: self._arrived,
            TrainStatus.SUPERSEDED: self._superseded,
        }
        further = {TrainStatus.SKIPPED: following} if following else {}
        waiting = self._later(plan, f"plan {name}")
        plan.next(self._choice(f"Planned {name}?", {**ways, **further, **waiting}, f"Stopped before {name}"))
        return plan

    def _approve(self, environment: Environment, promote: sfn.Map) -> sfn.Map:
        """All members are planned, and one decision is asked for on all plans."""
        name = environment.name
        planned = self._plan_releases(name)
        approve = tasks.LambdaInvoke(
            self._scope,
            f"Approve {name}",
            lambda_function=self._lambda("request_train_approval"),
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            payload=sfn.TaskInput.from_object(
                {
                    "execution": _context(EXECUTION),
                    "environment": name,
                    "plans": sfn.JsonPath.object_at("$.plans"),
                    "gate_arn": self._organization.state_machine_arn(train_gate_name(name)),
                    "token": sfn.JsonPath.task_token,
                }
            ),
            retry_on_service_exceptions=False,
            result_path="$.approval",
            task_timeout=sfn.Timeout.duration(cdk.Duration.hours(environment.approval_timeout_hours)),
        )
        late = sfn.Fail(
            self._scope,
            f"Timed out {name}",
            error="TIMED_OUT",
            cause=f"Nobody decided on {name} within {environment.approval_timeout_hours} hours.",
        )
        _tried_again(approve).add_catch(late, errors=["States.Timeout"], result_path="$.timeout")
        rejected = sfn.Fail(
            self._scope, f"Rejected {name}", error_path="$.approval.status", cause_path="$.approval.message"
        )
        decided = sfn.Choice(self._scope, f"Approved {name}?")
        for status, target in ((Status.APPROVED, promote), (Status.SUPERSEDED, self._superseded)):
            decided.when(sfn.Condition.string_equals("$.approval.status", status), target)
        approve.next(decided.otherwise(rejected))
        planned.next(approve)
        return planned

    def _plan_releases(self, name: str) -> sfn.Map:
        """Each member's plan, by the step that makes it in the member's own promotion."""
        title = f"Plan releases {name}"
        plan = tasks.LambdaInvoke(
            self._scope,
            f"{title}: one",
            lambda_function=self._lambda("plan"),
            input_path="$.input",
            payload_response_only=True,
            retry_on_service_exceptions=False,
            result_selector={
                f"{key}.$": f"$.{key}" for key in ("status", "message", "retry_after", "key", "plan_hash")
            },
            result_path="$.plan",
            task_timeout=sfn.Timeout.duration(cdk.Duration.seconds(_STEP_SECONDS)),
        )
        again = sfn.Wait(self._scope, f"{title}: wait", time=sfn.WaitTime.seconds_path("$.plan.retry_after"))
        again.next(plan)
        state = sfn.Choice(self._scope, f"{title}: planned?")
        for status in LATER:
            state.when(sfn.Condition.string_equals("$.plan.status", status), again)
        state.otherwise(sfn.Succeed(self._scope, f"{title}: done", output_path="$.plan"))
        _tried_again(plan).next(state)
        planned = sfn.Map(
            self._scope,
            title,
            items_path=f"{_NOW}.plans",
            item_selector={"input.$": "$$.Map.Item.Value"},
            max_concurrency=self._organization.train_parallel,
            result_path="$.plans",
        )
        return planned.item_processor(plan)

    def _promote(self, name: str, following: Any) -> sfn.Map:
        """A wave of members, settled; then the next wave, back, or on."""
        promote, back = self._move(f"Promote {name}"), self._move(f"Roll back {name}")
        settle = self._step("settle_train", f"Settle {name}", {"environment": name})
        promote.next(settle)
        back.next(settle)
        ways = {
            TrainStatus.WAVE: promote,
            TrainStatus.ROLL_BACK: back,
            TrainStatus.ARRIVED: self._arrived,
            TrainStatus.SUPERSEDED: self._superseded,
        }
        further = {TrainStatus.PASSED: following} if following else {}
        waiting = self._later(settle, f"settle {name}")
        settle.next(self._choice(f"Settled {name}?", {**ways, **further, **waiting}, f"Failed {name}"))
        return promote

    def _step(self, step: str, name: str, more: Mapping[str, Any]) -> tasks.LambdaInvoke:
        """A state that calls one of the train's steps."""
        state = tasks.LambdaInvoke(
            self._scope,
            name,
            lambda_function=self._lambda(step),
            payload=sfn.TaskInput.from_object({"execution": _context(EXECUTION), **more}),
            payload_response_only=True,
            retry_on_service_exceptions=False,
            result_path=_NOW,
            task_timeout=sfn.Timeout.duration(cdk.Duration.seconds(_STEP_SECONDS)),
        )
        return _tried_again(state)

    def _move(self, name: str) -> sfn.Map:
        """A state that starts promotions of members side by side, and waits for all of them.

        However they end, the next step finds out: one member's failure does not stop the others.
        """
        member = tasks.StepFunctionsStartExecution(
            self._scope,
            f"{name}: one",
            state_machine=sfn.StateMachine.from_state_machine_arn(
                self._scope, f"{name}: its machine", sfn.JsonPath.string_at("$.state_machine")
            ),
            name=sfn.JsonPath.string_at("$.name"),
            input=sfn.TaskInput.from_json_path_at("$.input"),
            integration_pattern=sfn.IntegrationPattern.RUN_JOB,
            result_path=sfn.JsonPath.DISCARD,
        )
        member.add_catch(sfn.Pass(self._scope, f"{name}: ended"), errors=["States.ALL"])
        moved = sfn.Map(
            self._scope,
            name,
            items_path=f"{_NOW}.members",
            max_concurrency=self._organization.train_parallel,
            result_path=sfn.JsonPath.DISCARD,
        )
        return moved.item_processor(member)

    def _choice(self, name: str, ways: Mapping[TrainStatus, Any], otherwise: str) -> sfn.Choice:
        """A state that goes on by the status of the last step; what is not listed ends the train with its message."""
        state = sfn.Choice(self._scope, name)
        for status, target in ways.items():
            state.when(sfn.Condition.string_equals(f"{_NOW}.status", status), target)
        failed = sfn.Fail(self._scope, otherwise, error_path=f"{_NOW}.status", cause_path=f"{_NOW}.message")
        return state.otherwise(failed)

    def _later(self, step: sfn.IChainable, what: str) -> dict[TrainStatus, sfn.Wait]:
        """Where statuses lead with which it is worth asking a step again."""
        again = sfn.Wait(self._scope, f"Wait to {what}", time=_AGAIN)
        again.next(step)
        return dict.fromkeys((TrainStatus.IN_PROGRESS, TrainStatus.QUEUED, TrainStatus.FROZEN), again)

    def _lambda(self, step: str) -> lambda_.IFunction:
        if step not in self._lambdas:
            arn = self._organization.function_arn(step)
            self._lambdas[step] = lambda_.Function.from_function_arn(self._scope, f"{step}-lambda", arn)
        return self._lambdas[step]


def _context(values: Mapping[str, str]) -> dict[str, str]:
    """Values out of the context object, written as CDK wants them."""
    return {name.removesuffix(".$"): sfn.JsonPath.string_at(path) for name, path in values.items()}


def _tried_again(state: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
    state.add_retry(
        errors=TRANSIENT,
        interval=cdk.Duration.seconds(2),
        max_attempts=6,
        backoff_rate=2,
        jitter_strategy=sfn.JitterType.FULL,
    )
    return state
