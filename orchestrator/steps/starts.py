"""The queue between `on_merge` and `start_promotion`: it holds names of units, and nothing that could be out of date.

Each unit is a message group of its own, and so are all members of a train together: nothing is done twice at the same
time for one unit or one train, and what is named later is done later.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict
from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_exponential_jitter

from orchestrator.config.base import UnitName
from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Item = TypeVar("Item")

NO_TRAINS: Mapping[str, str] = MappingProxyType({})
WORK_SECONDS = 900
"""How long a call that works on messages may take."""
_AT_ONCE = 10
_TRIES = 6


class StartsError(OrchestratorError):
    """The queue did not take all units that were to be named in it."""


class StartMessage(BaseModel):
    """What is in the queue: which unit to look at, on which branch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    branch: str
    unit: UnitName


@dataclass(frozen=True)
class Starts:
    """The queue.

    Args:
        sqs: of the tooling account.
        url: the queue's.
        sleep: waits that many seconds.
    """

    sqs: "SQSClient"
    url: str
    sleep: Callable[[float], None]

    def ask(self, branch: str, units: Iterable[str], run: int, trains: Mapping[str, str] = NO_TRAINS) -> None:
        """Name units; the same ones for the same run are taken once.

        Args:
            branch: where something has to be done for them.
            units: their names.
            run: which look at the branch found it.
            trains: by unit, the train that it is a member of.

        Raises:
            StartsError: the queue did not take all of them.
        """
        entries = (
            {
                "MessageBody": StartMessage(branch=branch, unit=unit).model_dump_json(),
                "MessageGroupId": f"train/{trains[unit]}" if unit in trains else unit,
                "MessageDeduplicationId": f"{run}-{unit}",
            }
            for unit in units
        )
        for some in _batches(entries, _AT_ONCE):
            self._send(some)

    def hold(self, receipts: Mapping[str, str]) -> set[str]:
        """Keep messages that were received from coming again for as long as the call that works on them may take.

        So the queue itself need not keep them any longer than that: what a call leaves that is killed comes again soon.

        Args:
            receipts: by message, at most ten.

        Returns:
            The messages that are still ours; others have been waiting for too long, and are somebody else's by now.
        """
        entries: Any = [
            {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": WORK_SECONDS}
            for number, receipt in enumerate(receipts.values())
        ]
        answer = self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
        lost = {int(one["Id"]) for one in answer.get("Failed", [])}
        return {message for number, message in enumerate(receipts) if number not in lost}

    def try_again(self, receipt: str, seconds: int) -> None:
        """Let a message that was received come again after some seconds."""
        self.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds)

    def _send(self, entries: list[dict[str, str]]) -> None:
        waiting: list[Any] = [{"Id": str(number), **entry} for number, entry in enumerate(entries)]

        def send() -> list[Any]:
            nonlocal waiting
            failed = {
                one["Id"] for one in self.sqs.send_message_batch(QueueUrl=self.url, Entries=waiting).get("Failed", [])
            }
            waiting = [one for one in waiting if one["Id"] in failed]
            return waiting

        try:
            Retrying(
                retry=retry_if_result(bool),
                wait=wait_exponential_jitter(multiplier=0.1, max=5),
                stop=stop_after_attempt(_TRIES),
                sleep=self.sleep,
            )(send)
        except RetryError as error:
            names = ", ".join(StartMessage.model_validate_json(one["MessageBody"]).unit for one in waiting)
            raise StartsError(
                f"The queue of starts did not take {names}: the next look at the branch tries again."
            ) from error


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
