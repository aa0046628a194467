"""What a train costs beside single promotions: ten units, promoted alone and then as one train, in one run.

`python -m benchmarks.trains` makes a repository of ten units out of one of the examples. Everything is deployed once to
begin with; then all units are changed twice: they are promoted alone, and then together. Times leave out the waiting
for people.
"""

import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.__main__ import DOLLARS_PER_TRANSITION, seconds_in
from orchestrator.demo.ride import Ride
from orchestrator.demo.story import ENVIRONMENTS, Story
from orchestrator.demo.workspace import EXAMPLES, Workspace
from orchestrator.local.cloud import free_port

_UNITS = tuple(f"orders{letter}" for letter in "abcdefghij")
_TRAIN = f'\n[[trains]]\nname = "ten"\nunits = {list(_UNITS)}\n'
# What a train does besides waiting for members and people.
_OWN = ("Resolve train", "Settle ", *(f"Plan {name}" for name in ENVIRONMENTS))


@dataclass(frozen=True)
class Measured:
    """One execution.

    Attributes:
        transitions: states that it entered, those within a Map included.
        seconds: how long it ran, without waiting for people.
        own: seconds in steps of a train itself.
    """

    transitions: int
    seconds: float
    own: float


class TenUnits(Story):
    """The demonstration's cloud with another repository."""

    def _chapters(self, first: str) -> None:
        del first
        _multiply(self.workspace)
        self._merge(self.workspace.commit("Add ten units"), set(_UNITS))
        _change(self.workspace, "alone")
        self._merge(self.workspace.commit("Change all of them"), set(_UNITS))
        starts = self.here.wiring.ledger.branches.last_starts("main")
        self.alone = [self._measure(starts[unit].execution) for unit in _UNITS]
        self.workspace.append("orchestrator.toml", _TRAIN)
        _change(self.workspace, "together")
        train = Ride(self.here, self.approve)(self.workspace.commit("Change all of them together"), set(_UNITS))
        self._verify("the train arrived", train.outcome == "ARRIVED", train.message)
        self.train = self._measure(train.execution)
        promotions = self.here.wiring.ledger.promotions
        moved = [one for unit in _UNITS for one in promotions.promotions(unit) if one.request.get("train")]
        self.members = [self._measure(one.execution) for one in moved]

    def _measure(self, execution: str) -> Measured:
        stepfunctions = self.here.wiring.stepfunctions
        described = stepfunctions.describe_execution(executionArn=execution)
        pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution)
        events: list[dict[str, Any]] = [dict(event) for page in pages for event in page["events"]]
        seconds = (described["stopDate"] - described["startDate"]).total_seconds()
        return Measured(
            transitions=sum(event["type"].endswith("StateEntered") for event in events),
            seconds=seconds - seconds_in(events, "Approve"),
            own=sum(seconds_in(events, name) for name in _OWN),
        )


def _multiply(workspace: Workspace) -> None:
    """Put ten copies of an example in the place of all examples."""
    projects = workspace.folder / "projects"
    shutil.rmtree(projects)
    for unit in _UNITS:
        for file in (EXAMPLES / "orders").rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and "tests" not in file.parts:
                path = projects / unit / str(file.relative_to(EXAMPLES / "orders")).replace("orders", unit)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(file.read_text().replace("orders", unit))


def _change(workspace: Workspace, what: str) -> None:
    for unit in _UNITS:
        workspace.append(f"projects/{unit}/src/{unit}/__init__.py", f"# {what}\n")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-trains-") as folder:
        story = TenUnits(Path(folder), free_port(), lambda _: True)
        began = time.monotonic()
        story.tell()
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    print(f"{len(_UNITS)} units through {len(ENVIRONMENTS)} environments, all told in {time.monotonic() - began:.0f} s")
    alone = statistics.median(one.seconds for one in story.alone)
    print(f"alone, side by side: {_cost(story.alone)}; median {alone:.1f} s, the last {_longest(story.alone):.1f} s")
    print(f"as a train: {_cost([story.train, *story.members])}; {story.train.seconds:.1f} s")
    print(f"  of that the train itself: {_cost([story.train])}; {story.train.own:.1f} s in its own steps")
    print(f"  its members: {_cost(story.members)} in {len(story.members)} executions")


def _cost(measured: Iterable[Measured]) -> str:
    transitions = sum(one.transitions for one in measured)
    return f"{transitions} transitions, ${transitions * DOLLARS_PER_TRANSITION:.4f}"


def _longest(measured: Iterable[Measured]) -> float:
    return max(one.seconds for one in measured)


if __name__ == "__main__":
    main()
