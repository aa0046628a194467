"""Promotions in the ledger: what was last started on a branch, what runs now, how each one ended."""

from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from orchestrator.ledger.table import Item, LedgerTable, unit_key
from orchestrator.source.affected import LastStart
from orchestrator.steps.contract import Execution


class Promotion(BaseModel):
    """One promotion, as `history` shows it.

    Attributes:
        status: RUNNING, or how the execution ended: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        outcome: what that meant, such as PROMOTED, SUPERSEDED or ROLLED_BACK.
        message: one sentence on how it ended.
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


class PromotionRecords:
    """All promotions of all units."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def last_starts(self, branch: str) -> dict[str, LastStart]:
        """What was last started on a branch, for all units, in one query."""
        items = self._table.query(f"BRANCH#{branch}")
        return {str(item["sk"]): _last_start(item) for item in items}

    def record_start_on_branch(self, branch: str, unit: str, start: LastStart) -> None:
        """Note that a promotion was started for a digest: the next merge compares with it."""
        self._table.put(
            {
                "pk": f"BRANCH#{branch}",
                "sk": unit,
                "digest": start.digest,
                "inputs": dict(start.inputs),
                "commit": start.commit,
                "execution": start.execution,
                "started_at": self._table.now(),
            }
        )

    def record_start(self, promotion: Promotion, execution: Execution) -> None:
        """Note that a promotion is under way, unless it has already ended."""
        pk, sk = unit_key(promotion.unit), f"PROMOTION#{execution.order}"
        still_open = Attr("pk").not_exists() | Attr("status").eq("RUNNING")
        if self._table.put({"pk": pk, "sk": sk, **promotion.model_dump()}, still_open):
            running = {"pk": "RUNNING", "sk": f"{promotion.unit}#{execution.name}", "promotion": sk}
            self._table.put({**running, "execution": execution.id})

    def record_end(self, promotion: Promotion, execution: Execution) -> bool:
        """Note how a promotion ended; False when that was known already."""
        pk, sk = unit_key(promotion.unit), f"PROMOTION#{execution.order}"
        known = self._table.get(pk, sk) or {}
        end = promotion.model_dump(exclude_none=True)
        first = self._table.put(
            {**known, "pk": pk, "sk": sk, **end}, Attr("pk").not_exists() | Attr("status").eq("RUNNING")
        )
        self._table.delete("RUNNING", f"{promotion.unit}#{execution.name}")
        return first

    def promotions(self, unit: str) -> list[Promotion]:
        """All promotions of a unit, the newest first."""
        return [_promotion(item) for item in self._table.query(unit_key(unit), "PROMOTION#", newest_first=True)]

    def under_way(self) -> list[Promotion]:
        """Every promotion that has not ended, of all units."""
        found = (
            self._table.get(unit_key(str(item["sk"]).split("#")[0]), str(item["promotion"]))
            for item in self._table.query("RUNNING")
        )
        return [_promotion(item) for item in found if item]


def _last_start(item: Item) -> LastStart:
    inputs = {str(path): str(identity) for path, identity in item["inputs"].items()}
    return LastStart(str(item["digest"]), inputs, str(item["commit"]), str(item["execution"]))


def _promotion(item: Item) -> Promotion:
    return Promotion.model_validate({name: item[name] for name in Promotion.model_fields if name in item})
