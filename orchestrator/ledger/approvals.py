"""Approvals in the ledger: the one request an environment waits for, and every decision, refused ones too."""

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.ledger.table import Item, LedgerTable, unit_key


class ApprovalRequest(BaseModel):
    """What a person is asked to decide on: one plan of one release for one environment.

    The task token answers the waiting execution. It stays in the ledger: no message, log or view shows it.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    environment: str
    version: str
    manifest_sha256: str
    plan_hash: str
    execution: str
    order: str
    token: str = Field(repr=False)
    status: str = "PENDING"
    requested_at: str = ""


class Decision(BaseModel):
    """What was decided, through which gate execution, and whether it counted."""

    model_config = ConfigDict(frozen=True)

    unit: str
    environment: str
    version: str
    decision: str
    reason: str
    gate: str
    status: str
    message: str
    decided_at: str = ""


class ApprovalRecords:
    """Requests and decisions of all units."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def request(self, unit: str, environment: str) -> ApprovalRequest | None:
        """The request that was made last for a unit's environment, decided or not."""
        item = self._table.get(unit_key(unit), f"APPROVAL#{environment}")
        return _request(item) if item else None

    def requests(self, unit: str) -> list[ApprovalRequest]:
        """The last request of each environment of a unit."""
        return [_request(item) for item in self._table.query(unit_key(unit), "APPROVAL#")]

    def record_request(self, request: ApprovalRequest) -> bool:
        """Ask; False when a newer promotion asked already. An older request is overwritten: supersede it first."""
        item = {
            "pk": unit_key(request.unit),
            "sk": f"APPROVAL#{request.environment}",
            **request.model_dump(),
            "requested_at": self._table.now(),
        }
        return self._table.put(item, Attr("pk").not_exists() | Attr("order").lte(request.order))

    def close_request(self, request: ApprovalRequest, status: str) -> bool:
        """Turn a pending request into a decided one; False when somebody else was first."""
        item = {"pk": unit_key(request.unit), "sk": f"APPROVAL#{request.environment}", **request.model_dump()}
        mine = Attr("status").eq("PENDING") & Attr("execution").eq(request.execution) & Attr("token").eq(request.token)
        return self._table.put({**item, "status": status}, mine)

    def record_decision(self, decision: Decision) -> None:
        """Keep a decision for good."""
        now = self._table.now()
        key = f"DECISION#{now}#{decision.environment}#{decision.gate.rsplit(':', 1)[-1]}"
        self._table.put({"pk": unit_key(decision.unit), "sk": key, **decision.model_dump(), "decided_at": now})

    def decisions(self, unit: str) -> list[Decision]:
        """Every decision on a unit, the newest first."""
        items = self._table.query(unit_key(unit), "DECISION#", newest_first=True)
        return [Decision.model_validate({name: item[name] for name in Decision.model_fields}) for item in items]


def _request(item: Item) -> ApprovalRequest:
    return ApprovalRequest.model_validate({name: item[name] for name in ApprovalRequest.model_fields})
