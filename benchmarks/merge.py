"""What one merge costs in a repository of thousands of units, when all of them are affected and when one is.

`python -m benchmarks.merge [UNITS...]` makes realistic repositories of 1,000 and 5,000 units, or of so many. `on_merge`
and `start_promotion` run as they are, in a process that is refused more than 512 MB of address space; AWS is played by
objects that keep what they are told and count how often they are asked. So what is measured is this code's own time and
memory; each call to AWS adds its 5 to 30 ms.
"""

import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.realistic.organization import ENVIRONMENTS
from benchmarks.realistic.repository import RealisticRepository
from benchmarks.realistic.units import LIBRARIES
from orchestrator.config.load import load_organization
from orchestrator.errors import ArtifactError
from orchestrator.guardrails.document import Guardrails, guarded_part
from orchestrator.ledger.ledger import Ledger
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.steps.merge_event import MergeEvent
from orchestrator.steps.on_merge import MergeHandler, MergeResult
from orchestrator.steps.owners import Owners
from orchestrator.steps.start_promotion import PromotionStarter
from orchestrator.steps.starts import StartMessage, Starts
from orchestrator.steps.surveys import Surveys
from state_machines.unit_stack import retired_stack, unit_stack

_BATCH = 10
_SIZES = (1_000, 5_000)
# What the function has.
_MEMORY = 512 * 1024 * 1024


@dataclass
class PlayedTable:
    """As much of DynamoDB as the ledger asks of one table."""

    items: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    name: str = "ledger"

    @property
    def meta(self) -> Any:
        """Where the client is."""
        return SimpleNamespace(client=self)

    def get_item(self, *, Key: dict[str, str], **_: object) -> Any:  # noqa: N803  # As DynamoDB names it.
        """One item."""
        self.calls["GetItem"] += 1
        found = self.items.get(Key["pk"], {}).get(Key["sk"])
        return {"Item": found} if found else {}

    def query(self, *, KeyConditionExpression: Any, **_: object) -> Any:  # noqa: N803  # The same.
        """A partition; on AWS a page of it is a megabyte."""
        self.calls["Query"] += 1
        partition = KeyConditionExpression.get_expression()["values"][1]
        return {"Items": list(self.items.get(partition, {}).values())}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803  # The same.
        """Many items."""
        self.calls["BatchGetItem"] += 1
        keys = RequestItems[self.name]["Keys"]
        found = [self.items.get(key["pk"], {}).get(key["sk"]) for key in keys]
        return {"Responses": {self.name: [one for one in found if one]}, "UnprocessedKeys": {}}

    def put_item(self, *, Item: dict[str, Any], **_: object) -> Any:  # noqa: N803  # The same.
        """Write one item."""
        self.calls["PutItem"] += 1
        self.items.setdefault(Item["pk"], {})[Item["sk"]] = dict(Item)
        return {}

    def update_item(self, *, Key: dict[str, str], UpdateExpression: str, **given: Any) -> Any:  # noqa: N803  # The same.
        """Set attributes, or count one up."""
        self.calls["UpdateItem"] += 1
        item = self._item(Key)
        names, values = given["ExpressionAttributeNames"], given["ExpressionAttributeValues"]
        if UpdateExpression.startswith("ADD"):
            item[names["#attribute"]] = item.get(names["#attribute"], 0) + 1
        else:
            self._set(item, names, values)
        return {"Attributes": item}

    def transact_write_items(self, *, TransactItems: list[Any]) -> Any:  # noqa: N803  # The same.
        """Set attributes of many items; nobody else writes here, so the check always holds."""
        self.calls["TransactWriteItems"] += 1
        for one in TransactItems:
            if "Update" in one:
                update = one["Update"]
                names, values = update["ExpressionAttributeNames"], update["ExpressionAttributeValues"]
                self._set(self._item(update["Key"]), names, values)
        return {}

    def _item(self, key: dict[str, str]) -> dict[str, Any]:
        return self.items.setdefault(key["pk"], {}).setdefault(key["sk"], {**key})

    @staticmethod
    def _set(item: dict[str, Any], names: dict[str, str], values: dict[str, Any]) -> None:
        for number, name in names.items():
            item[name] = values[f":v{number.removeprefix('#a')}"]


@dataclass
class Cloud:
    """The rest of AWS: a queue, stacks that become what they are told at once, and executions."""

    calls: Counter[str] = field(default_factory=Counter)
    queue: list[str] = field(default_factory=list)

    def send_message_batch(self, *, Entries: list[Any], **_: object) -> Any:  # noqa: N803  # As SQS names it.
        """Take messages."""
        self.calls["SendMessageBatch"] += 1
        self.queue += [entry["MessageBody"] for entry in Entries]
        return {}

    def start_execution(self, *, stateMachineArn: str, name: str, **_: object) -> Any:  # noqa: N803  # The same.
        """Start one."""
        self.calls["StartExecution"] += 1
        return {"executionArn": f"{stateMachineArn}:{name}"}

    def stack(self, name: str) -> Any:
        """A stack in which nothing is left to be done once it was told."""
        from orchestrator.aws.change_set import Readiness  # noqa: PLC0415  # Only here.

        self.calls["stacks"] += 1
        ready = SimpleNamespace(readiness=Readiness.EMPTY)
        return SimpleNamespace(name=name, propose=lambda *_: "", wait_for_change_set=lambda *_: ready)


@dataclass
class Bucket:
    """What is kept of the branch; on AWS, reading and writing it are two calls more."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes:
        """Read an object."""
        if key not in self.objects:
            raise ArtifactError(f"There is nothing at {key}.")
        return self.objects[key]

    def put(self, key: str, content: bytes) -> None:
        """Write one."""
        self.objects[key] = content


def main() -> None:
    """Measure and print."""
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    for units in map(int, sys.argv[1:] or _SIZES):
        with tempfile.TemporaryDirectory(prefix="orchestrator-merge-") as folder:
            repository = RealisticRepository(Path(folder, "shop.git"), units)
            repository.begin()
            print(f"{units} units", flush=True)
            # A process for each size, as what one has used at most is never less again.
            measuring = multiprocessing.get_context("spawn").Process(target=_measure_all, args=(repository,))
            measuring.start()
            measuring.join()
            if measuring.exitcode:
                raise SystemExit(f"{units} units could not be measured.")


def _measure_all(repository: RealisticRepository) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    table, cloud, warm = PlayedTable(), Cloud(), Surveys(bucket := Bucket(), "main", "code")
    folder, unit, new = repository.folder, repository.unit(7), repository.unit(repository.units)
    _measure("all units are new", folder, table, cloud, warm)
    repository.commit([(f"{LIBRARIES[0]}/src/acme_money/more.py", "cents = 10\n")])
    _measure("those that depend on shared code are affected", folder, table, cloud, warm)
    repository.commit([(unit.code, "value = 2\n")])
    _measure("one is affected", folder, table, cloud, Surveys(bucket, "main", "code"))
    repository.commit([(unit.code, "value = 3\n")])
    _measure("one is affected, the function is warm", folder, table, cloud, warm)
    repository.commit(new.files())
    _measure("one is new", folder, table, cloud, Surveys(bucket, "main", "code"))
    repository.commit([repository.organization(f'[unit."{unit.folder}"]\nparameters.default.Stage = "prod"\n')])
    _measure("orchestrator.toml says something else of one", folder, table, cloud, Surveys(bucket, "main", "code"))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory of the process, with git's answers and the played ledger in it: {megabytes:.0f} MB")


def _guardrails() -> Guardrails:
    """What a bootstrap recorded."""
    return Guardrails(
        version=1,
        organization=guarded_part(load_organization(ENVIRONMENTS)),
        recorded_by="arn:aws:iam::111111111111:role/platform-admin",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _measure(what: str, folder: Path, table: PlayedTable, cloud: Cloud, surveys: Surveys) -> None:
    table.calls.clear()
    cloud.calls.clear()
    played_table: Any = table
    played: Any = cloud
    ledger = Ledger(played_table, lambda: datetime.now(UTC))
    repository = LocalGitRepository(folder, os.environ["PATH"])
    starts = Starts(played, "queue", time.sleep)
    owners = Owners(ledger, "main")
    handler = MergeHandler(
        ledger, repository, "main", unit_stack, starts, lambda: datetime.now(UTC), "code", surveys, _guardrails, owners
    )
    head = LocalGitRepository(folder, os.environ["PATH"]).commit("main")
    push = {"before": head.parents[0] if head.parents else None, "pushed_by": "github:ada"}
    event = MergeEvent.model_validate({"detail": {"branch": "main", "commit": head.id}, "push": push})
    used, began = time.process_time(), time.perf_counter()
    result: MergeResult = handler(event)
    looked, used = time.perf_counter() - began, time.process_time() - used
    calls = dict(table.calls + cloud.calls)
    table.calls.clear()
    cloud.calls.clear()
    starter = PromotionStarter(
        ledger, repository, unit_stack, retired_stack, cloud.stack, played, played, lambda name: name, _guardrails
    )
    began = time.perf_counter()
    messages = [StartMessage.model_validate_json(body).unit for body in cloud.queue]
    batches = [messages[at : at + _BATCH] for at in range(0, len(messages), _BATCH)]
    started = sum(len(starter("main", batch).executions) for batch in batches)
    cloud.queue.clear()
    each = (time.perf_counter() - began) / max(1, len(batches))
    if started != len(result.asked):
        raise AssertionError(f"{len(result.asked)} were asked for, and {started} started.")
    print(f"{what}: on_merge {looked:.2f} s ({used:.2f} s of the processor), calls {calls}")
    print(f"  {len(batches)} batches of start_promotion, {each * 1000:.0f} ms each")
    print(f"  calls {dict(table.calls + cloud.calls)}")


if __name__ == "__main__":
    main()
