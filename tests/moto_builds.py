"""Builds of a company in moto, which has no activities: a queue stands in for the one that workers poll."""

from typing import Any

from tests.moto_company import MotoCompany
from tests.waiting import until

_QUEUE = "builds"


class MotoBuilds:
    """Promotions of one unit that wait for builds.

    Args:
        company: whose unit.
    """

    def __init__(self, company: MotoCompany) -> None:
        self._company = company
        self._queue = company.sqs.create_queue(QueueName=_QUEUE)["QueueUrl"]
        company.install(self._through_the_queue)

    def _through_the_queue(self, definition: dict[str, Any]) -> None:
        build = definition["States"]["Build"]
        build["Resource"] = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
        body = {"task": build["Parameters"], "token.$": "$$.Task.Token"}
        build["Parameters"] = {"QueueUrl": self._queue, "MessageBody": body}
        for rule in build["Retry"]:
            rule["IntervalSeconds"] = 1

    def start(self, name: str) -> str:
        """Start a promotion that builds the newest commit; returns its execution."""
        return self._company.start(name, commit=self._company.repository.head)

    def take(self) -> "Task":
        """Take the next build, as a worker does."""
        (message,) = until(lambda: self._company.read(self._queue) or None)
        return Task(self._company, message["task"], message["token"])


class Task:
    """A build that a worker was given.

    Args:
        company: whose unit.
        described: the task's input.
        token: answers it.
    """

    def __init__(self, company: MotoCompany, described: dict[str, Any], token: str) -> None:
        self._company = company
        self.described = described
        self._token = token

    @property
    def execution(self) -> str:
        """The promotion that waits for it."""
        return str(self.described["execution"]["id"])

    def hand_back(self) -> None:
        """Let another worker do it."""
        client = self._company.wiring.stepfunctions
        client.send_task_failure(taskToken=self._token, error="WorkerStopped", cause="stopped")

    def fail(self) -> None:
        """End the promotion."""
        self._company.wiring.stepfunctions.send_task_failure(taskToken=self._token, error="BuildError", cause="no")
        until(lambda: self._company.look(self.execution).ended or None)

    def begin(self, key: str, purpose: str = "publish", **other: str) -> dict[str, Any]:
        """Call begin_publish for this build, or for something else that is named instead."""
        asked = {"execution": self.execution, "nonce": self.described["nonce"], "key": key, "purpose": purpose}
        answer: dict[str, Any] = self._company.call("begin_publish", {**asked, **other})
        return answer
