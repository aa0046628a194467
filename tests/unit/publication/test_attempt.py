"""The attempt at a build, as histories show it."""

from typing import Any

import pytest

from orchestrator.publication.attempt import Attempt, newest_attempt


def history(*kinds: str, state: str = "Build") -> list[dict[str, Any]]:
    """Events, newest first; `taken-by-NAME` is a worker's begin."""
    events: list[dict[str, Any]] = []
    for number, kind in enumerate(kinds, start=1):
        name, _, worker = kind.partition("-by-")
        event: dict[str, Any] = {"id": number, "type": "ActivityStarted" if name == "taken" else kind}
        if name == "taken":
            event["activityStartedEventDetails"] = {"workerName": worker}
        if kind.endswith("StateEntered"):
            event["stateEnteredEventDetails"] = {"name": state}
        events.append(event)
    return events[::-1]


ENTERED = ("ExecutionStarted", "TaskStateEntered")


def test_a_task_that_a_worker_took_is_its_attempt() -> None:
    """By the number of the event that scheduled it, and the worker's name."""
    assert newest_attempt(history(*ENTERED, "ActivityScheduled", "taken-by-w1")) == Attempt(3, "w1")


def test_the_next_try_is_another_attempt() -> None:
    """After a worker handed it back, or its heart stopped."""
    for end in ("ActivityFailed", "ActivityTimedOut"):
        tried = (*ENTERED, "ActivityScheduled", "taken-by-w1", end, "ActivityScheduled", "taken-by-w2")
        assert newest_attempt(history(*tried)) == Attempt(6, "w2")


def test_codebuild_and_other_engines_name_no_worker() -> None:
    """Their tasks are scheduled like those of any service."""
    assert newest_attempt(history(*ENTERED, "TaskScheduled", "TaskStarted", "TaskSubmitted")) == Attempt(3)


@pytest.mark.parametrize(
    "kinds",
    [
        (),
        ("ExecutionStarted",),
        ENTERED,
        (*ENTERED, "ActivityScheduled"),
        (*ENTERED, "ActivityScheduled", "taken-by-w1", "ActivityFailed"),
        (*ENTERED, "ActivityScheduled", "taken-by-w1", "ActivityTimedOut"),
        (*ENTERED, "ActivityScheduled", "taken-by-w1", "ActivityFailed", "ActivityScheduled"),
        (*ENTERED, "TaskScheduled", "TaskSubmitted", "TaskFailed"),
        (*ENTERED, "TaskScheduled", "TaskSucceeded", "TaskStateExited"),
        (*ENTERED, "ActivityScheduled", "taken-by-w1", "ExecutionAborted"),
    ],
)
def test_without_a_task_under_way_there_is_no_attempt(kinds: tuple[str, ...]) -> None:
    """Nor where nobody has taken it yet."""
    assert newest_attempt(history(*kinds)) is None


def test_a_task_of_another_state_is_no_attempt() -> None:
    """However much it looks like one."""
    assert newest_attempt(history(*ENTERED, "ActivityScheduled", "taken-by-w1", state="Build more")) is None
