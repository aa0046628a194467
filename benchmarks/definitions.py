"""How long a unit's state machines and their stack's template take, beside the same number of states as CDK constructs.

`python -m benchmarks.definitions` renders one unit and 1,000 units. Then it makes as many Tasks, Choices, Waits and
ends as one unit has of `aws_cdk.aws_stepfunctions` and its tasks, and synthesizes them: what whoever writes pipelines
in CDK waits for. CDK and its Node.js, whose work is not in the processor's time here, are started before that.
"""

import json
import os
import platform
import sys
import tempfile
from collections import Counter

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from benchmarks.realistic.organization import ENVIRONMENTS
from benchmarks.timing import taken
from orchestrator.config.load import load_organization, load_unit
from state_machines.promotion import promotion
from state_machines.unit_stack import unit_stack

_MANY = 1_000
_FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:step"


def main() -> None:
    """Measure and print."""
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    organization = load_organization(ENVIRONMENTS)
    text = '[project]\nversion = "1.0"\n'
    units = [load_unit(text, f"projects/unit{number}", organization) for number in range(_MANY)]
    states = Counter(state["Type"] for state in promotion(units[0], organization)["States"].values())
    print(f"one unit: {states.total()} states, {len(unit_stack(units[0], organization)) / 1000:.0f} kB")
    many = taken(lambda: [unit_stack(unit, organization) for unit in units])
    print(f"definition and template of {_MANY} units: {many}; of one: {many.wall / _MANY:.2f} ms")
    made = _synthesized(states)
    for kind, number in states.items():
        if made.count(f'\\"Type\\":\\"{kind}\\"') < number:
            raise AssertionError(f"Of {kind} there are fewer in CDK's template.")
    print(f"as many states as CDK constructs, synthesized: {taken(lambda: _synthesized(states))}")


def _synthesized(states: Counter[str]) -> str:
    """The template that CDK makes of one state machine with so many states of each type."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-cdk-") as folder:
        app = cdk.App(outdir=folder)
        stack = cdk.Stack(app, "promote-unit0")
        first = _chained(stack, states)
        sfn.StateMachine(stack, "Promotion", definition_body=sfn.DefinitionBody.from_chainable(first))
        return json.dumps(app.synth().get_stack_by_name("promote-unit0").template)


def _chained(stack: cdk.Stack, states: Counter[str]) -> sfn.IChainable:
    """Each Task is followed by a Choice: of the next one, of waiting for this one, or of failing."""
    function = lambda_.Function.from_function_arn(stack, "Step", _FUNCTION)
    following: sfn.IChainable = sfn.Succeed(stack, "Succeed 0")
    for number in range(1, states["Succeed"]):
        other = sfn.Choice(stack, f"End {number}").when(_status("DONE"), sfn.Succeed(stack, f"Succeed {number}"))
        following = other.otherwise(following)
    for number in range(states["Task"]):
        task = tasks.LambdaInvoke(
            stack, f"Task {number}", lambda_function=function, payload_response_only=True, result_path="$.step"
        )
        choice = sfn.Choice(stack, f"Choice {number}").when(_status("DONE"), following)
        if number < states["Wait"]:
            duration = sfn.WaitTime.seconds_path("$.step.retry_after")
            choice.when(_status("BUSY"), sfn.Wait(stack, f"Wait {number}", time=duration).next(task))
        if number < states["Fail"]:
            choice.otherwise(sfn.Fail(stack, f"Fail {number}", error="FAILED", cause_path="$.step.message"))
        task.next(choice)
        following = task
    return following


def _status(value: str) -> sfn.Condition:
    return sfn.Condition.string_equals("$.step.status", value)


if __name__ == "__main__":
    main()
