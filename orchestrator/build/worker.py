"""Takes builds from a Step Functions activity, one at a time, and answers for them."""

from __future__ import annotations

import json
import logging
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import error_code
from orchestrator.frozen import dataclass
from orchestrator.releases.failure import Failure, failure_of
from orchestrator.steps.build_request import HANDED_BACK

if TYPE_CHECKING:
    from collections.abc import Callable

    # Stubs alone: they are not installed where this runs.
    from mypy_boto3_stepfunctions import SFNClient

logger = logging.getLogger(__name__)

# The task is gone: it timed out, or its execution ended.
_GONE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
_STOPPED = Failure(HANDED_BACK, "The worker was stopped before this build was done: another one takes it.")


@dataclass(frozen=True)
class Pace:
    """How often a worker does what it does again and again.

    Attributes:
        heartbeat_seconds: time between two heartbeats; at most a third of the state's `HeartbeatSeconds`.
        pause_seconds: how long to wait when Step Functions cannot be reached.
    """

    heartbeat_seconds: float = 20
    pause_seconds: float = 5


_USUAL = Pace()


class BuildFunction(Protocol):
    """Builds what a task's input asks for, and returns the task's output."""

    def __call__(self, task: dict[str, Any], /) -> dict[str, Any]:
        """Build it; an `OrchestratorError` is the unit's fault, anything else is ours."""


class BuildWorker:
    """Polls an activity and builds.

    Args:
        stepfunctions_client: `GetActivityTask` answers after up to 60 seconds when there is no work, so the
            client's `read_timeout` must be longer: `botocore.config.Config(read_timeout=70)`.
        activity_arn: the activity.
        build: does the work.
        name: of this worker; shown in the execution's history.
        pace: how often it beats and how long it pauses.
    """

    def __init__(
        self,
        stepfunctions_client: SFNClient,
        activity_arn: str,
        build: BuildFunction,
        *,
        name: str = "build-worker",
        pace: Pace = _USUAL,
    ) -> None:
        self._client = stepfunctions_client
        self._activity_arn = activity_arn
        self._build = build
        self._name = name
        self._pace = pace
        self._token: str | None = None
        self._idle = Event()
        self._idle.set()

    def run(self, stop: Event) -> None:
        """Work until told to stop.

        A build that has begun is finished first, and one that is handed out meanwhile is handed back. A poll that has
        begun is waited for, up to 60 seconds: Step Functions would give a build to nobody if it were cut.
        """
        while not stop.is_set():
            try:
                self.work_once(stop)
            except (BotoCoreError, ClientError) as error:
                logger.warning("Step Functions did not answer for %s, trying again: %s", self._activity_arn, error)
                stop.wait(self._pace.pause_seconds)

    def work_once(self, stop: Event) -> bool:
        """Wait for one task and do it, unless told to stop meanwhile; returns False when there was none."""
        task = self._client.get_activity_task(activityArn=self._activity_arn, workerName=self._name)
        token = task.get("taskToken")
        if not token:
            return False
        if stop.is_set():
            _unless_gone(self._failure(token, _STOPPED))
            return True
        self._token = token
        self._idle.clear()
        try:
            answer = self._do(token, task["input"])
        finally:
            self._idle.set()
        self._token = None
        _unless_gone(answer)
        return True

    def hand_back(self) -> None:
        """Have another worker do what is being built here: this one's process is about to end."""
        if token := self._token:
            try:
                _unless_gone(self._failure(token, _STOPPED))
            except (BotoCoreError, ClientError) as error:
                logger.warning("A build could not be handed back, it is missed when its heart stops: %s", error)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until nothing is being built here, for some seconds at most; returns whether that is so."""
        return self._idle.wait(seconds)

    def _do(self, token: str, text: str) -> Callable[[], object]:
        """Build with a heart beating beside it; returns the call that answers the task."""
        done, began, what = Event(), time.monotonic(), _described(text)
        heart = Thread(target=self._beat, args=(token, done), name="heartbeat", daemon=True)
        heart.start()
        logger.info("Build of %s begins.", what)
        try:
            answer = self._build(json.loads(text))
            output = json.dumps(answer)
        except Exception as error:  # noqa: BLE001  # Whatever it is, the execution must hear of it.
            failure = failure_of(error)
            logger.info("Build of %s failed after %.1f s: %s", what, time.monotonic() - began, failure.error)
            return self._failure(token, failure)
        finally:
            done.set()
            heart.join()
        logger.info("Build of %s succeeded after %.1f s: %s", what, time.monotonic() - began, answer.get("message", ""))
        return lambda: self._client.send_task_success(taskToken=token, output=output)

    def _failure(self, token: str, failure: Failure) -> Callable[[], object]:
        logger.info("%s: %s", failure.error, failure.cause)
        return lambda: self._client.send_task_failure(taskToken=token, error=failure.error, cause=failure.cause)

    def _beat(self, token: str, done: Event) -> None:
        while not done.wait(self._pace.heartbeat_seconds):
            try:
                self._client.send_task_heartbeat(taskToken=token)
            except (BotoCoreError, ClientError) as error:
                if _is_gone(error):
                    # The build goes on: what it publishes is found by whoever asks for it next.
                    logger.warning("The task is gone, its build is finished all the same: %s", error)
                    return
                logger.warning("A heartbeat was lost: %s", error)


def _described(text: str) -> str:
    """What a task asks for, in a few words; whatever is not valid is refused later."""
    try:
        task = json.loads(text)
        request = task["request"]
        return f"{task['unit']} at {request.get('commit', '')[:12] or request.get('branch') or 'the newest commit'}"
    except (AttributeError, KeyError, TypeError, ValueError):
        return "something that is no build"


def _is_gone(error: Exception) -> bool:
    return isinstance(error, ClientError) and error_code(error) in _GONE


def _unless_gone(answer: Callable[[], object]) -> None:
    try:
        answer()
    except ClientError as error:
        if not _is_gone(error):
            raise
        logger.warning("The task was over before its build was, the answer is dropped: %s", error)
