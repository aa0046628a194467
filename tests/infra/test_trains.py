"""The stack of release trains: the state machine that CDK writes, its steps, its gates and its role."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.train_definition import machines_in

# One worker synthesizes for all of them.
Template = dict[str, Any]
Find = Callable[[Template, str], list[Template]]

STEPS = ["on_train_change", "plan_train", "request_train_approval", "resolve_train", "settle_train"]
ENVIRONMENTS = ["dev", "test", "staging", "prod"]


@pytest.fixture(scope="session")
def trains(templates: dict[str, Template]) -> Template:
    """The stack's template."""
    return templates["orchestrator-trains"]


@pytest.fixture(scope="session")
def machine(trains: Template) -> Template:
    """The definition of the train's state machine."""
    return machines_in(trains)["orchestrator-train"]


def all_states(definition: Template) -> Iterator[tuple[str, Template]]:
    """Every state, also those within a Map."""
    for name, state in definition["States"].items():
        yield name, state
        yield from all_states(state["ItemProcessor"]) if "ItemProcessor" in state else ()


def test_statelint_finds_nothing(trains: Template, templates: dict[str, Template], tmp_path: Path) -> None:
    """Neither in the train nor in a gate."""
    definitions = {**machines_in(trains), **machines_in(templates["orchestrator-train-gates"])}
    assert sorted(definitions) == ["orchestrator-train", *sorted(f"train-approve-{name}" for name in ENVIRONMENTS)]
    for name, definition in definitions.items():
        file = tmp_path / f"{name}.json"
        # To statelint, a rate of 2 is none: CDK writes no 2.0.
        file.write_text(
            json.dumps(definition).replace('"BackoffRate": 2', '"BackoffRate": 2.0').replace("2.0.0", "2.0")
        )
        command = [str(Path(sys.executable).parent / "statelint"), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_step_has_its_handler(trains: Template, resources: Find) -> None:
    """One word per step: module, handler, function and role."""
    handlers = sorted(one["Handler"] for one in resources(trains, "AWS::Lambda::Function"))
    assert handlers == [f"lambdas.{step}.handler" for step in STEPS]
    assert all(Path("orchestrator", "steps", f"{step}.py").exists() for step in STEPS)


def test_each_environment_is_planned_decided_on_promoted_and_settled(machine: Template) -> None:
    """By names that a release manager finds in the picture; the way out of one leads to the plan of the next."""
    states = machine["States"]
    for name, following in zip(ENVIRONMENTS, [*ENVIRONMENTS[1:], None], strict=True):
        for what in ("Plan", "Plan releases", "Approve", "Promote", "Settle", "Roll back"):
            assert f"{what} {name}" in states
        ways = {one["StringEquals"]: one["Next"] for one in states[f"Settled {name}?"]["Choices"]}
        assert (ways["WAVE"], ways["ROLL_BACK"]) == (f"Promote {name}", f"Roll back {name}")
        assert ways.get("PASSED") == (f"Plan {following}" if following else None)


def test_every_choice_has_a_default(machine: Template) -> None:
    """A status that nobody thought of must not end a train with States.NoChoiceMatched."""
    assert all("Default" in state for _, state in all_states(machine) if state["Type"] == "Choice")


def test_members_are_promoted_by_their_own_state_machines(machine: Template) -> None:
    """Started by name, waited for, as many at a time as the organization allows; one's failure stops no other."""
    moving = [state for name, state in all_states(machine) if name.startswith(("Promote", "Roll back", "Build"))]
    maps = [one for one in moving if one["Type"] == "Map"]
    tasks = [one for one in moving if one["Type"] == "Task"]
    assert len(maps) == len(tasks) == 2 * len(ENVIRONMENTS) + 1
    assert {one["MaxConcurrency"] for one in maps} == {10}
    for task in tasks:
        assert task["Resource"] == "arn:aws:states:::states:startExecution.sync:2"
        assert task["Parameters"] == {
            "StateMachineArn.$": "$.state_machine",
            "Name.$": "$.name",
            "Input.$": "$.input",
        }
        assert [one["ErrorEquals"] for one in task["Catch"]] == [["States.ALL"]]


def test_a_train_may_start_and_stop_promotions_and_nothing_else(trains: Template, resources: Find) -> None:
    """And has the one rule by which Step Functions waits for them."""
    (role,) = [one for one in resources(trains, "AWS::IAM::Role") if one["RoleName"] == "orchestrator-train"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    allowed = {json.dumps(one["Action"]): one["Resource"] for one in statements[1:]}
    account = "eu-west-1:111111111111"
    assert allowed == {
        '"states:StartExecution"': f"arn:aws:states:{account}:stateMachine:promote-*",
        '["states:DescribeExecution", "states:StopExecution"]': f"arn:aws:states:{account}:execution:promote-*:*",
        '["events:PutTargets", "events:PutRule", "events:DescribeRule"]': (
            f"arn:aws:events:{account}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
        ),
    }
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111"}
    }


def test_begins_and_ends_of_trains_lose_nothing(trains: Template, resources: Find) -> None:
    """What cannot be delivered or dealt with is kept."""
    (rule,) = resources(trains, "AWS::Events::Rule")
    assert rule["EventPattern"]["detail"]["stateMachineArn"] == [
        "arn:aws:states:eu-west-1:111111111111:stateMachine:orchestrator-train"
    ]
    assert rule["Targets"][0]["DeadLetterConfig"]
    (called,) = [one for one in resources(trains, "AWS::Lambda::Function") if "DeadLetterConfig" in one]
    assert called["Handler"] == "lambdas.on_train_change.handler"
