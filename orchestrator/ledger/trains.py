"""Trains in the ledger: what each carries, what was done to whom in each environment, and how it ended.

What a member's promotion may do as one of a train, it may because of what is noted here, never because it says so.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, takewhile
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from orchestrator.identity.policy import ApprovalPolicy
from orchestrator.ledger.partitions import RUNNING_TRAINS, STAGES, TRAIN, TRAINS
from orchestrator.ledger.table import Item, LedgerTable
from orchestrator.steps.contract import Execution
from orchestrator.trains.names import ARRIVED, retry_names
from orchestrator.trains.policy import Outcome
from orchestrator.trains.waves import Waves


class Train(BaseModel):
    """One train.

    Attributes:
        request: what it was started with.
        commit: of the repository, whose settings of units and environments hold for all of it.
        environments: those it goes through.
        versions: by member, its release; of a merge's train, once it is built.
        automatic: whether a merge started it.
        status: RUNNING, or how the execution ended: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        outcome: what that meant, such as ARRIVED, SUPERSEDED or ROLLED_BACK.
        message: one sentence on how it ended.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    execution: str
    started_at: datetime
    request: dict[str, Any] = {}
    commit: str = ""
    environments: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    versions: dict[str, str] = {}
    automatic: bool = False
    status: str = "RUNNING"
    outcome: str = ""
    message: str = ""
    ended_at: str | None = None

    @property
    def started(self) -> Execution:
        """Its execution, as promotions are ranked by."""
        return Execution(id=self.execution, name=self.name, started_at=self.started_at)


class Part(BaseModel):
    """What was done to one member in one environment.

    Attributes:
        after: the other members that it comes after.
        good: the releases that were known to be good before the train came, oldest first: what it would return to.
        execution: the promotion that moved it; empty before it is its turn.
        outcome: what became of it; None until that is known.
        back: the promotion that returned it, empty when none did.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    after: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    execution: str = ""
    outcome: Outcome | None = None
    message: str = ""
    back: str = ""

    @property
    def moves(self) -> str:
        """The promotion that moves it, forth or back, and of which no outcome is known yet; empty when none does."""
        if self.back:
            return self.back if self.outcome is Outcome.PROMOTED else ""
        return self.execution if self.outcome is None else ""


class Stage(BaseModel):
    """One environment of a train, or its builds.

    Attributes:
        policy: whose decisions count there, for every member; None where none is asked for.
    """

    model_config = ConfigDict(frozen=True)

    environment: str
    waves: Waves = ()
    policy: ApprovalPolicy | None = None
    parts: dict[str, Part] = {}

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Of the members of which it is known."""
        return {unit: part.outcome for unit, part in self.parts.items() if part.outcome}


class TrainRecords:
    """All trains."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def train(self, name: str) -> Train | None:
        """Look a train up; None when there is none of that name."""
        item = self._table.get(TRAIN.key(name), "TRAIN")
        return _train(item) if item else None

    def begin(self, train: Train) -> None:
        """Note a train from its first moment on; what is known already of an ended one stays."""
        item = {"pk": TRAIN.key(train.name), "sk": "TRAIN", **_stored(train)}
        if self._table.put(item, Attr("pk").not_exists() | Attr("status").eq("RUNNING")):
            self._table.put({"pk": RUNNING_TRAINS.key(), "sk": train.name})
            self._table.put({"pk": TRAINS.key(), "sk": train.started.order})

    def record_versions(self, train: Train, versions: dict[str, str]) -> None:
        """Note the releases that a train's builds led to."""
        item = self._table.get(TRAIN.key(train.name), "TRAIN") or {}
        self._table.put({**item, "versions": versions}, Attr("pk").exists())

    def end(self, train: Train, end: dict[str, str]) -> bool:
        """Note how a train ended; False when that was known already."""
        known = self._table.get(TRAIN.key(train.name), "TRAIN") or {}
        first = self._table.put({**known, **end}, Attr("status").eq("RUNNING"))
        self._table.delete(RUNNING_TRAINS.key(), train.name)
        return first

    def reopen(self, train: Train) -> None:
        """Note that a train goes on that had ended: its execution was redriven."""
        known = self._table.get(TRAIN.key(train.name), "TRAIN") or {}
        again = {**known, "status": "RUNNING", "outcome": "", "message": "", "ended_at": None}
        if self._table.put(again, Attr("ended_at").eq(train.ended_at)):
            self._table.put({"pk": RUNNING_TRAINS.key(), "sk": train.name})

    def has_arrived(self, name: str) -> bool:
        """Whether a train brought all of its members to where it was to end, or one did that carried it on."""
        found = chain([self.train(name)], takewhile(bool, map(self.train, retry_names(name))))
        return any(one.outcome == ARRIVED for one in found if one)

    def under_way(self) -> list[Train]:
        """Every train that has not ended."""
        found = (self.train(str(item["sk"])) for item in self._table.query(RUNNING_TRAINS.key()))
        return [one for one in found if one]

    def newest(self) -> Iterator[Train]:
        """All trains, the newest first."""
        found = (
            self.train(str(item["sk"]).split("#")[1]) for item in self._table.query(TRAINS.key(), newest_first=True)
        )
        return (one for one in found if one)

    def stage(self, train: str, environment: str) -> Stage | None:
        """What was done in an environment; None before the train planned it."""
        item = self._table.get(STAGES.key(train), f"STAGE#{environment}")
        return _stage(item) if item else None

    def stages(self, train: str) -> dict[str, Stage]:
        """By environment, what was done there."""
        found = (_stage(item) for item in self._table.query(STAGES.key(train), "STAGE#"))
        return {one.environment: one for one in found}

    def record_stage(self, train: str, stage: Stage) -> None:
        """Note what was done in an environment."""
        item = {"pk": STAGES.key(train), "sk": f"STAGE#{stage.environment}", **stage.model_dump(mode="json")}
        self._table.put(item)

    def admit(self, train: str, unit: str, execution: str, request: dict[str, Any]) -> None:
        """Note that an execution, which is about to start, moves a member of a train, and its whole input."""
        self._table.put({"pk": STAGES.key(train), "sk": f"MEMBER#{execution}", "unit": unit, "request": request})

    def request_of_member(self, train: str | None, execution: str) -> dict[str, Any] | None:
        """What an execution that moves a member of a train is started with; None when it only says that it does."""
        item = self._table.get(STAGES.key(train), f"MEMBER#{execution}") if train else None
        return dict(item["request"]) if item and "request" in item else None

    def of_member(self, train: str | None, execution: str) -> Train | None:
        """The train that an execution moves a member of; None when it only says so, or says nothing."""
        if train is None or self._table.get(STAGES.key(train), f"MEMBER#{execution}") is None:
            return None
        return self.train(train)

    def rank(self, train: str | None, execution: Execution) -> Execution:
        """An execution as it ranks: one that moves a member of a train like the train."""
        found = self.of_member(train, execution.id)
        return execution.model_copy(update={"since": found.started_at}) if found else execution


def _stored(train: Train) -> Item:
    return train.model_dump(mode="json")


def _train(item: Item) -> Train:
    return Train.model_validate({name: item[name] for name in Train.model_fields if name in item})


def _stage(item: Item) -> Stage:
    return Stage.model_validate({name: item[name] for name in Stage.model_fields if name in item})
