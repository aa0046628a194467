"""What a promotion is doing, read off its execution's history. Pure: the same events give the same picture."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

BUILD = "build"
# What is shown of a state, by the first words of its name; states that only decide are not shown.
_STEPS = {
    "Prepare build": "building",
    "Build": "building",
    "Resolve": "resolving",
    "Plan": "planning",
    "Wait to plan": "planning",
    "Approve": "awaiting approval",
    "Deploy": "deploying",
    "Wait to deploy": "deploying",
    "Smoke-test": "smoke testing",
    "Roll back": "rolling back",
    "Wait to roll back": "rolling back",
}
_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


class CellState(StrEnum):
    """How a promotion stands in one environment."""

    RUNNING = "running"
    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    SUPERSEDED = "superseded"


@dataclass
class Cell:
    """One environment of a promotion, or its build.

    Attributes:
        step: what is being done, such as "deploying".
        began: when the promotion came there.
        ended: when it left, None while it is there.
    """

    state: CellState
    step: str
    began: datetime
    ended: datetime | None = None

    def seconds(self, now: datetime) -> float:
        """How long it has taken so far."""
        return max(0.0, ((self.ended or now) - self.began).total_seconds())


@dataclass
class Progress:
    """A promotion as it stands.

    Attributes:
        cells: by environment, and `build`; only where the promotion has been.
        status: RUNNING, or how the execution ended.
        version: the release, once it is known.
        message: how it ended, in a sentence.
        transitions: states entered so far: what Step Functions charges for.
    """

    cells: dict[str, Cell] = field(default_factory=dict)
    status: str = "RUNNING"
    version: str | None = None
    message: str = ""
    transitions: int = 0

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status != "RUNNING"


def progress(events: Iterable[Mapping[str, Any]], environments: Iterable[str]) -> Progress:
    """Read a history.

    Args:
        events: of GetExecutionHistory, oldest first.
        environments: the environments' names, by which states are told apart.
    """
    reader = _Reader(frozenset(environments))
    for event in events:
        reader.read(event)
    return reader.progress


class _Reader:
    def __init__(self, environments: frozenset[str]) -> None:
        self._environments = environments
        self._current: Cell | None = None
        self.progress = Progress()

    def read(self, event: Mapping[str, Any]) -> None:
        kind, time = event["type"], event["timestamp"]
        if kind.endswith("StateEntered"):
            self.progress.transitions += 1
            self._enter(event["stateEnteredEventDetails"]["name"], time)
        elif kind == "TaskStateExited":
            self._leave(event["stateExitedEventDetails"])
        elif kind in _ENDS:
            self._end(kind, event, time)

    def _enter(self, state: str, time: datetime) -> None:
        step = next((shown for words, shown in _STEPS.items() if state == words or state.startswith(f"{words} ")), None)
        last = state.rsplit(" ", 1)[-1]
        place = last if last in self._environments else BUILD
        if step is None:
            return
        cell = self.progress.cells.get(place)
        if cell is None or cell is not self._current:
            self._close(time, CellState.PASSED)
            cell = cell or Cell(CellState.RUNNING, step, time)
            self.progress.cells[place] = self._current = cell
        cell.step = step
        cell.state = CellState.WAITING if step == "awaiting approval" else CellState.RUNNING
        cell.ended = None

    def _leave(self, details: Mapping[str, Any]) -> None:
        if details["name"] == "Resolve release":
            self.progress.version = _document(details.get("output")).get("release", {}).get("version")

    def _close(self, time: datetime, state: CellState) -> None:
        if self._current is not None and self._current.ended is None:
            self._current.ended, self._current.state = time, state

    def _end(self, kind: str, event: Mapping[str, Any], time: datetime) -> None:
        self.progress.status = _ENDS[kind]
        if kind == "ExecutionSucceeded":
            document = _document(event.get("executionSucceededEventDetails", {}).get("output"))
            message = superseded(document)
            self.progress.message = message or ""
            self._close(time, CellState.SUPERSEDED if message else CellState.PASSED)
            return
        details: Mapping[str, Any] = next((value for name, value in event.items() if name.endswith("Details")), {})
        self.progress.message = innermost(details.get("cause") or "")
        rolled_back = details.get("error") == "ROLLED_BACK"
        self._close(time, CellState.ROLLED_BACK if rolled_back else CellState.FAILED)


def superseded(document: Mapping[str, Any]) -> str | None:
    """Why a promotion that ended well ended early, None when it went all the way."""
    results = (result for parts in document.get("environments", {}).values() for result in parts.values() if result)
    return next((str(one["message"]) for one in results if one.get("status") == "SUPERSEDED"), None)


def innermost(cause: str) -> str:
    """The message within a Lambda's error document or a CodeBuild build's description, or the cause as it is."""
    document = _document(cause)
    if isinstance(document.get("Build"), dict):
        return _failed_codebuild(document["Build"])
    return str(document.get("errorMessage", cause))


def _failed_codebuild(build: Mapping[str, Any]) -> str:
    """What a build's description says: its keys are CodeBuild's own, in capitals as Step Functions writes them."""
    phases = build.get("Phases") or ()
    failed = [phase for phase in phases if phase.get("PhaseStatus") not in (None, "SUCCEEDED")]
    said = [str(one["Message"]) for phase in failed for one in phase.get("Contexts") or () if one.get("Message")]
    where = f" in {failed[0].get('PhaseType')}" if failed else ""
    why = f": {'; '.join(said)}" if said else "."
    log = (build.get("Logs") or {}).get("DeepLink")
    link = f" Log: {log}" if log else ""
    return f"The CodeBuild build {build.get('Id')} ended as {build.get('BuildStatus')}{where}{why}{link}"


def _document(text: str | None) -> dict[str, Any]:
    try:
        document = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
