"""What orchestration costs: promotions through four environments on the embedded cloud, taken apart by their history.

The overhead is a promotion's wall time less what the build, CloudFormation's operations and the smoke tests took.
"""

import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3

from orchestrator.aws.session import CLIENT
from orchestrator.demo.story import ENVIRONMENTS, Story
from orchestrator.local.cloud import free_port
from orchestrator.promotions.follow import Follower

# Standard workflows, per state transition, in us-east-1 and eu-west-1.
DOLLARS_PER_TRANSITION = 0.000025
_TASKS = ("Build", "Smoke-test")


def main() -> None:
    """Measure and print."""
    executions = _tell_story()
    rows = [row for row in executions if row["status"] == "SUCCEEDED"]
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    print(f"promotions measured: {len(rows)}, each through {len(ENVIRONMENTS)} environments with one approval")
    for name in ("wall", "build", "cloudformation", "smoke_test", "overhead"):
        print(f"median {name}: {statistics.median(row[name] for row in rows):.2f} s")
    transitions = statistics.median(row["transitions"] for row in rows)
    print(f"median state transitions: {transitions:.0f}, ${transitions * DOLLARS_PER_TRANSITION:.6f} on AWS")


def _tell_story() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="orchestrator-benchmark-") as folder:
        measured: list[dict[str, Any]] = []

        class Measured(Story):
            """The demonstration, looked at before its cloud is stopped."""

            def _chapters(self, first: str) -> None:
                super()._chapters(first)
                measured.extend(_measure(self))

        Measured(Path(folder), free_port(), lambda _: True).tell()
        return measured


def _measure(story: Story) -> list[dict[str, Any]]:
    catalog = story.here.catalog("HEAD")
    found: list[dict[str, Any]] = []
    for unit in catalog.units.values():
        stack = unit.stack_name(catalog.organization.environment_names[0], catalog.organization)
        # What a train moves goes through one environment at a time: `benchmarks.trains` measures that.
        alone = [one for one in story.here.wiring.ledger.promotions.promotions(unit.name) if "train" not in one.request]
        found += [_take_apart(story, one.execution, stack) for one in alone]
    return found


def _take_apart(story: Story, execution: str, stack: str) -> dict[str, Any]:
    stepfunctions = story.here.wiring.stepfunctions
    described = stepfunctions.describe_execution(executionArn=execution)
    began, ended = described["startDate"], described["stopDate"]
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [dict(event) for page in pages for event in page["events"]]
    spent = {task: seconds_in(events, task) for task in _TASKS}
    waiting = seconds_in(events, "Approve")
    cloudformation = sum(_operations(name, stack, began, ended) for name in ENVIRONMENTS)
    wall = (ended - began).total_seconds() - waiting
    return {
        "status": described["status"],
        "wall": wall,
        "build": spent["Build"],
        "cloudformation": cloudformation,
        "smoke_test": spent["Smoke-test"],
        "overhead": wall - spent["Build"] - cloudformation - spent["Smoke-test"],
        "transitions": Follower(stepfunctions, lambda _: None).look(execution, ENVIRONMENTS).transitions,
    }


def seconds_in(events: list[dict[str, Any]], task: str) -> float:
    """Seconds spent in all states whose name begins with a task's."""
    entered: dict[str, Any] = {}
    total = 0.0
    for event in events:
        if event["type"] == "TaskStateEntered":
            entered[event["stateEnteredEventDetails"]["name"]] = event["timestamp"]
        elif event["type"] == "TaskStateExited":
            name = event["stateExitedEventDetails"]["name"]
            if name.startswith(task):
                total += (event["timestamp"] - entered[name]).total_seconds()
    return total


def _operations(environment: str, stack: str, began: Any, ended: Any) -> float:
    """Seconds that CloudFormation worked on a stack in a span of time."""
    client = boto3.Session(profile_name=environment).client("cloudformation", config=CLIENT)
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = [event for page in pages for event in page["StackEvents"] if began <= event["Timestamp"] <= ended]
    own = sorted(event["Timestamp"] for event in events if event["ResourceType"] == "AWS::CloudFormation::Stack")
    return (own[-1] - own[0]).total_seconds() if own else 0.0


if __name__ == "__main__":
    main()
