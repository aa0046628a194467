"""Promotions in the ledger: what runs now, and how each one ended."""

from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from pydantic import BaseModel, ConfigDict

from orchestrator.ledger.partitions import FAILED_BUILDS, LAST, PROMOTIONS, RUNNING
from orchestrator.ledger.table import Item, LedgerTable
from orchestrator.releases.failure import Failure
from orchestrator.steps.contract import Execution


class Promotion(BaseModel):
    """One promotion, as `history` shows it.

    Attributes:
        status: RUNNING, or how the execution ended: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        outcome: what that meant, such as PROMOTED, SUPERSEDED or ROLLED_BACK.
        message: one sentence on how it ended.
        environments: those it goes through; empty until its release is known.
        passed: those whose smoke tests it passed.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    execution: str
    name: str
    started_at: str
    status: str = "RUNNING"
    version: str | None = None
    commit: str | None = None
    request: dict[str, Any] = {}
    outcome: str = ""
    message: str = ""
    ended_at: str | None = None
    environments: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()

    @property
    def order(self) -> str:
        """What promotions of a unit are compared by, as of their executions."""
        return f"{self.started_at}#{self.name}"

    def will_be_in(self, environment: str) -> bool:
        """Whether it has still to pass an environment; one that is still being built may go to any."""
        return (environment in self.environments or not self.environments) and environment not in self.passed


class PromotionRecords:
    """All promotions of all units."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def promotion(self, unit: str, order: str) -> Promotion | None:
        """Look a promotion up by its execution's order; None when nothing is known of it."""
        item = self._table.get(PROMOTIONS.key(unit), f"PROMOTION#{order}")
        return _promotion(item) if item else None

    def record_begin(self, promotion: Promotion, execution: Execution) -> bool:
        """Note that a promotion has begun; False when more than that is known already."""
        return self._open(promotion, execution, Attr("pk").not_exists())

    def record_start(self, promotion: Promotion, execution: Execution) -> None:
        """Note what a promotion is about and that it is under way, unless it has already ended."""
        self._open(promotion, execution, Attr("pk").not_exists() | Attr("status").eq("RUNNING"))

    def reopen(self, ended: Promotion, execution: Execution) -> None:
        """Note that a promotion goes on that had ended, unless it has ended anew."""
        again = ended.model_copy(update={"status": "RUNNING", "outcome": "", "message": "", "ended_at": None})
        self._open(again, execution, Attr("ended_at").eq(ended.ended_at))

    def _open(self, promotion: Promotion, execution: Execution, condition: ConditionBase) -> bool:
        pk, sk = PROMOTIONS.key(promotion.unit), f"PROMOTION#{execution.order}"
        opened = self._table.put({"pk": pk, "sk": sk, **promotion.model_dump()}, condition)
        if opened:
            running = {"pk": RUNNING.key(), "sk": f"{promotion.unit}#{execution.name}", "promotion": sk}
            self._table.put({**running, "execution": execution.id})
        return opened

    def record_passed(self, unit: str, execution: Execution, environment: str) -> None:
        """Note that a promotion has passed an environment."""
        pk, sk = PROMOTIONS.key(unit), f"PROMOTION#{execution.order}"
        item = self._table.get(pk, sk)
        if item and environment not in item.get("passed", ()):
            passed = [*item.get("passed", ()), environment]
            self._table.put({**item, "passed": passed}, Attr("status").eq("RUNNING"))

    def record_end(self, promotion: Promotion, execution: Execution) -> bool:
        """Note how a promotion ended; False when that was known already. One that was redriven ends again."""
        pk, sk = PROMOTIONS.key(promotion.unit), f"PROMOTION#{execution.order}"
        known = self._table.get(pk, sk) or {}
        end = promotion.model_dump(exclude_none=True, exclude={"environments", "passed"})
        news = Attr("pk").not_exists() | Attr("status").eq("RUNNING") | Attr("ended_at").lt(promotion.ended_at or "")
        first = self._table.put({**known, "pk": pk, "sk": sk, **end}, news)
        last = {"pk": LAST.key(), "sk": promotion.unit, "order": execution.order}
        self._table.put(last, Attr("pk").not_exists() | Attr("order").lte(execution.order))
        self._table.delete(RUNNING.key(), f"{promotion.unit}#{execution.name}")
        return first

    def record_failed_build(self, unit: str, execution: Execution, failure: Failure) -> None:
        """Note why the build of a promotion failed: of a build on CodeBuild, Step Functions does not know it."""
        what = {"error": failure.error, "cause": failure.cause, "failed_at": self._table.now()}
        self._table.put({"pk": FAILED_BUILDS.key(unit), "sk": execution.name, **what})

    def failed_build(self, unit: str, execution: Execution) -> Failure | None:
        """Why the build of a promotion failed, if that was noted."""
        item = self._table.get(FAILED_BUILDS.key(unit), execution.name)
        return Failure(str(item["error"]), str(item["cause"])) if item else None

    def promotions(self, unit: str) -> list[Promotion]:
        """All promotions of a unit, the newest first."""
        return [_promotion(item) for item in self._table.query(PROMOTIONS.key(unit), newest_first=True)]

    def last_ended(self) -> dict[str, str]:
        """By unit, the order of the newest promotion that has ended."""
        return {str(item["sk"]): str(item["order"]) for item in self._table.query(LAST.key())}

    def under_way(self, unit: str | None = None) -> list[Promotion]:
        """Every promotion that has not ended, of one unit or of all."""
        found = (
            self._table.get(PROMOTIONS.key(str(item["sk"]).split("#")[0]), str(item["promotion"]))
            for item in self._table.query(RUNNING.key(), f"{unit}#" if unit else "")
        )
        return [_promotion(item) for item in found if item]


def _promotion(item: Item) -> Promotion:
    return Promotion.model_validate({name: item[name] for name in Promotion.model_fields if name in item})
