"""A branch whose merges are promoted: the repository is a real one, and the ledger is in moto.

CloudFormation, Step Functions and the queue are played by objects that remember what they were told, so that a test can
lose, double and reorder it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.aws.change_set import Readiness
from orchestrator.config.load import load_organization
from orchestrator.errors import UnknownNameError
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.ledger import Ledger
from orchestrator.source.demand import PATIENCE
from orchestrator.steps.merge_event import MergeEvent
from orchestrator.steps.on_merge import MergeHandler, MergeResult, OvertakenError
from orchestrator.steps.owners import Owners
from orchestrator.steps.start_promotion import PromotionStarter
from orchestrator.steps.starts import Starts
from orchestrator.steps.surveys import Surveys
from orchestrator.trains.names import TRAIN_MACHINE
from state_machines.unit_stack import retired_stack, unit_stack
from tests.memory_store import MemoryStore
from tests.merges import ORGANIZATION
from tests.recorded import recorded
from tests.source_repository import Repository


@dataclass
class FakeStack:
    """A stack that becomes what it is told at once."""

    name: str
    templates: dict[str, str]

    def state(self) -> Any:
        """Only whether it exists is asked for."""
        return self if self.name in self.templates else None

    @property
    def exists(self) -> bool:
        """It does, if it has a template."""
        return True

    def propose(self, _change_set: str, template: Any) -> str:
        """Take the template."""
        self.templates[self.name] = template.body
        return "change"

    def wait_for_change_set(self, *_arguments: object) -> Any:
        """Nothing is left to be done."""

        @dataclass
        class Found:
            readiness: Readiness = Readiness.EMPTY

        return Found()


@dataclass(frozen=True)
class Start:
    """An execution that was started: of one unit, or of a train.

    Attributes:
        digests: what of each unit it promotes.
        commit: what it is built from.
    """

    name: str
    digests: dict[str, str]
    commit: str
    train: bool


@dataclass
class World:
    """Everything around the two functions.

    Args:
        repository: what is pushed to.
        ledger: the real one.
    """

    repository: Repository
    ledger: Ledger
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    queue: list[str] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)
    started: list[Start] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    surveys: Surveys = field(default_factory=lambda: Surveys(MemoryStore(), "main", "code"))
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What happens in the middle of the next look at the branch."""

    def clock(self) -> datetime:
        """Tell the time, a moment after something else happened."""
        while self.meanwhile:
            self.meanwhile.pop()()
        return self.now

    def send_message_batch(self, *, Entries: list[Any], **_arguments: object) -> Any:  # noqa: N803  # As SQS names it.
        """Be the queue."""
        self.queue += [entry["MessageBody"] for entry in Entries]
        return {}

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Any:  # noqa: N803, A002  # The same.
        """Be Step Functions: a name is good once."""
        if (stateMachineArn + name) in self.names:
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")
        self.names.add(stateMachineArn + name)
        given, train = json.loads(input), stateMachineArn.endswith(TRAIN_MACHINE)
        digests = given["digests"] if train else {stateMachineArn.rpartition(":promote-")[2]: given["digest"]}
        self.started.append(Start(name, digests, given["commit"], train))
        return {"executionArn": f"{stateMachineArn.replace('stateMachine', 'execution')}:{name}"}

    def last(self, unit: str) -> Start | None:
        """What was last started for a unit."""
        return next((one for one in reversed(self.started) if unit in one.digests), None)

    def look(self, commit: str | None = None) -> MergeResult | None:
        """Call on_merge, as a merge of a commit does, or the schedule; None when a later call overtook it."""
        starts = Starts(self, "queue", lambda _: None)  # type: ignore[arg-type]  # All that is asked of a client.
        owners = Owners(self.ledger, "main")
        handler = MergeHandler(
            self.ledger,
            self.repository.read,
            "main",
            unit_stack,
            starts,
            self.clock,
            "code",
            self.surveys,
            self.guardrails,
            owners,
        )
        push = {"pushed_by": "github:ada", "before": self._before(commit), "at": self.now} if commit else None
        try:
            return handler(MergeEvent.model_validate({"detail": {"branch": "main", "commit": commit}, "push": push}))
        except OvertakenError:
            return None

    def _before(self, commit: str) -> str | None:
        """Where the branch was; None for a commit that it never had."""
        try:
            return next(iter(self.repository.read.commit(commit).parents), None)
        except UnknownNameError:
            return None

    def deliver(self, at: int) -> None:
        """Call start_promotion with one message, not always the first."""
        if self.queue:
            message = json.loads(self.queue.pop(at % len(self.queue)))
            done = self.starter(message["branch"], [message["unit"]])
            assert not done.failures

    @property
    def starter(self) -> PromotionStarter:
        """The real function."""
        fake: Any = self

        def stack(name: str) -> Any:
            return FakeStack(name, self.templates)

        return PromotionStarter(
            self.ledger,
            self.repository.read,
            unit_stack,
            retired_stack,
            stack,
            fake,
            fake,
            lambda name: f"arn:aws:states:eu-west-1:111111111111:stateMachine:{name}",
            self.guardrails,
        )

    def guardrails(self) -> Guardrails:
        """What a bootstrap recorded of the first commit's file."""
        return recorded(load_organization(ORGANIZATION))

    def settle(self) -> None:
        """Let time pass, with no event but the schedule's, until only what people must mend is left to be done."""
        for _ in range(6):
            self.now += PATIENCE + timedelta(minutes=1)
            result = self.look()
            while self.queue:
                self.deliver(0)
            if result and (result.settled or (result.problems and not result.asked)):
                return
        raise AssertionError("It never ends.")
