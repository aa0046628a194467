"""The worker, on a Step Functions that is written by hand: moto has no activity tasks."""

import json
import logging
import re
from threading import Event, Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.build.worker import BuildFunction, BuildWorker, Pace
from orchestrator.errors import BuildError


class Activity:
    """Hands out tasks and keeps the answers.

    Args:
        inputs: of the tasks, in order; then `idle` is set and there is nothing to do.
        broken: by operation, the error code that it fails with.
    """

    def __init__(self, *inputs: Any, broken: dict[str, str] | None = None) -> None:
        self.waiting = [json.dumps(one) for one in inputs]
        self.broken = broken or {}
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.beaten, self.idle = Event(), Event()

    def get_activity_task(self, **arguments: Any) -> dict[str, Any]:
        """Answer a poll."""
        assert arguments == {"activityArn": "arn:activity", "workerName": "builder-1"}
        if not self.waiting:
            self.idle.set()
            self._call("get_activity_task", {})
            return {"ResponseMetadata": {}}
        return {"taskToken": "token", "input": self.waiting.pop(0)}

    def send_task_heartbeat(self, **arguments: Any) -> None:
        """Note that the worker lives."""
        assert arguments == {"taskToken": "token"}
        self.beaten.set()
        self._call("send_task_heartbeat", {})

    def send_task_success(self, **arguments: Any) -> None:
        """Keep the answer."""
        self._call("success", arguments)

    def send_task_failure(self, **arguments: Any) -> None:
        """Keep the answer."""
        self._call("failure", arguments)

    def _call(self, name: str, arguments: dict[str, Any]) -> None:
        if arguments:
            self.answers.append((name, arguments))
        if name in self.broken:
            raise ClientError({"Error": {"Code": self.broken[name], "Message": "broken"}}, name)


def worker(activity: Any, build: BuildFunction, heartbeat_seconds: float = 60) -> BuildWorker:
    """A worker of an activity."""
    return BuildWorker(activity, "arn:activity", build, name="builder-1", pace=Pace(heartbeat_seconds, 0.01))


def echo(task: dict[str, Any], /) -> dict[str, Any]:
    """Build nothing."""
    return {"built": task}


def test_a_build_that_succeeds_is_answered_with_its_result() -> None:
    """As JSON."""
    activity = Activity({"unit": "orders"})
    assert worker(activity, echo).work_once(Event())
    assert activity.answers == [("success", {"taskToken": "token", "output": '{"built": {"unit": "orders"}}'})]


def test_each_build_is_told_of_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    """With the unit, the commit, the seconds and what became of it."""

    def build(task: dict[str, Any], /) -> dict[str, Any]:
        if task["unit"] == "invoices":
            raise BuildError("invoices", "lock dependencies", "there are none.")
        return {"message": "orders@0.1.0 was built."}

    caplog.set_level(logging.INFO)
    asked: list[Any] = [{"unit": "orders", "request": {"commit": "ab" * 20}}, {"unit": "invoices", "request": {}}, [1]]
    activity = Activity(*asked)
    for _ in asked:
        worker(activity, build).work_once(Event())
    said = "\n".join(caplog.messages)
    assert "Build of orders at abababababab begins." in said
    assert re.search(r"Build of orders at abababababab succeeded after \d+\.\d s: orders@0\.1\.0 was built\.", said)
    assert re.search(r"Build of invoices at the newest commit failed after \d+\.\d s: BuildError", said)
    assert "Build of something that is no build failed" in said


def test_a_unit_that_cannot_be_built_is_a_build_error_with_its_notes() -> None:
    """The cause is what people read in the execution's history."""
    activity = Activity({})

    def build(_: dict[str, Any], /) -> dict[str, Any]:
        error = BuildError("orders", "lock dependencies", "no wheel.", "the log")
        error.add_note("The whole log is s3://bucket/key")
        raise error

    worker(activity, build).work_once(Event())
    [(kind, answer)] = activity.answers
    assert (kind, answer["error"]) == ("failure", "BuildError")
    assert answer["cause"].splitlines() == [
        "Build of orders failed at 'lock dependencies': no wheel.",
        "the log",
        "The whole log is s3://bucket/key",
    ]


def test_a_mistake_of_ours_is_a_bug_with_its_traceback() -> None:
    """And not blamed on the unit."""
    activity = Activity({})

    def build(_: dict[str, Any], /) -> dict[str, Any]:
        raise KeyError("x" * 100_000)

    worker(activity, build).work_once(Event())
    [(_, answer)] = activity.answers
    assert answer["error"] == "Bug"
    assert answer["cause"].startswith("Traceback")
    assert len(answer["cause"]) == 32_768


def test_a_heart_beats_while_a_build_runs() -> None:
    """Else Step Functions would give the task up."""
    activity = Activity({})

    def build(_: dict[str, Any], /) -> dict[str, Any]:
        assert activity.beaten.wait(10)
        return {}

    worker(activity, build, heartbeat_seconds=0.01).work_once(Event())
    assert [kind for kind, _ in activity.answers] == ["success"]


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken", "ThrottlingException"])
def test_a_lost_heartbeat_does_not_end_the_build(code: str) -> None:
    """What it publishes is found by the next promotion."""
    activity = Activity({}, broken={"send_task_heartbeat": code})

    def build(_: dict[str, Any], /) -> dict[str, Any]:
        assert activity.beaten.wait(10)
        return {}

    assert worker(activity, build, heartbeat_seconds=0.01).work_once(Event())
    assert [kind for kind, _ in activity.answers] == ["success"]


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_an_answer_that_comes_too_late_is_dropped(code: str) -> None:
    """The worker goes on with the next task."""
    activity = Activity({}, {}, broken={"success": code})
    tired = worker(activity, echo)
    assert tired.work_once(Event())
    assert tired.work_once(Event())


def test_a_worker_works_until_it_is_told_to_stop() -> None:
    """It then ends at its next poll."""
    activity, stop = Activity({"unit": "a"}, {"unit": "b"}), Event()
    thread = Thread(target=worker(activity, echo).run, args=(stop,), daemon=True)
    thread.start()
    assert activity.idle.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(activity.answers) == 2


def test_a_worker_outlives_a_step_functions_that_cannot_be_reached() -> None:
    """It pauses and polls again."""
    activity, stop = Activity(broken={"get_activity_task": "ServiceUnavailable"}), Event()
    thread = Thread(target=worker(activity, echo).run, args=(stop,), daemon=True)
    thread.start()
    assert activity.idle.wait(10)
    activity.broken.clear()
    activity.waiting.append("{}")
    activity.idle.clear()
    assert activity.idle.wait(10)
    stop.set()
    thread.join(10)
    assert [kind for kind, _ in activity.answers] == ["success"]


def test_a_build_handed_to_a_worker_that_stops_is_handed_back() -> None:
    """The state has a Retry for it: another worker takes the build."""
    activity, stop = Activity({"unit": "orders"}), Event()
    stop.set()
    assert worker(activity, echo).work_once(stop)
    [(kind, answer)] = activity.answers
    assert (kind, answer["error"]) == ("failure", "WorkerStopped")


def test_a_build_that_has_begun_when_the_worker_is_stopped_is_finished() -> None:
    """And no other one is taken."""
    activity, stop = Activity({"unit": "a"}, {"unit": "b"}), Event()

    def build(task: dict[str, Any], /) -> dict[str, Any]:
        stop.set()
        return task

    worker(activity, build).run(stop)
    assert [answer["output"] for _, answer in activity.answers] == ['{"unit": "a"}']
    assert len(activity.waiting) == 1


@pytest.mark.parametrize("code", [None, "TaskTimedOut", "ServiceUnavailable"])
def test_a_build_that_is_not_finished_is_handed_back_when_the_process_must_end(code: str | None) -> None:
    """As well as it can be: an end is never kept up by it."""
    activity = Activity({}, broken={"failure": code} if code else None)

    def build(_: dict[str, Any], /) -> dict[str, Any]:
        ending.hand_back()
        return {}

    ending = worker(activity, build)
    ending.work_once(Event())
    ending.hand_back()
    assert [(kind, answer.get("error")) for kind, answer in activity.answers] == [
        ("failure", "WorkerStopped"),
        ("success", None),
    ]
