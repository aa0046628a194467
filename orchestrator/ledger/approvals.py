"""Approvals in the ledger: the one request an environment waits for, and an index of decisions for views.

Neither is evidence. What was decided lies in the bucket of decisions; the request's token lies in a table of its own.
"""

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from orchestrator.decisions.document import Decision, Entry, Kept, train_in
from orchestrator.identity.policy import ApprovalPolicy
from orchestrator.ledger.partitions import APPROVALS, DECISIONS, PROOFS
from orchestrator.ledger.table import Item, LedgerTable


class ApprovalRequest(BaseModel):
    """What a person is asked to decide on: one plan of one release for one environment, or those of a whole train.

    Attributes:
        id: what it is called; its token is kept under this name.
        unit: whose release it is, or the train as `train/<name>`.
        version: the release, or the train's name.
        manifest_sha256: of the release, or over those of all members; `plan_hash` likewise.
        entries: the release and its plan, or those of all members of the train.
        member_of: the train that the promotion says it belongs to.
        policy: whose decisions count for a train, where the gate itself does not say it.
        helped: whether another gate than the one that decided has handed the decision on.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    unit: str
    environment: str
    version: str
    manifest_sha256: str
    plan_hash: str
    entries: tuple[Entry, ...]
    execution: str
    order: str
    member_of: str | None = None
    policy: ApprovalPolicy | None = None
    started_at: str = ""
    status: str = "PENDING"
    requested_at: str = ""
    helped: bool = False

    @property
    def shown(self) -> str:
        """Hash that a decision names what was shown by: the plan's, or that over all members of a train."""
        return self.plan_hash

    @property
    def train(self) -> str | None:
        """The train that it is about; None when it is about a unit alone."""
        return train_in(self.unit)


class IndexedDecision(BaseModel):
    """A decision as views list it, and where it is kept; nothing follows from it.

    Attributes:
        identity: ARN of who decided, empty when nobody could tell.
        evidence: how that is known: "proof", "cloudtrail", or empty.
        key: of the object that is the decision, and `version_id` of its version.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    environment: str
    version: str
    decision: str
    reason: str
    gate: str
    status: str
    message: str
    identity: str = ""
    evidence: str = ""
    decided_at: str = ""
    key: str = ""
    version_id: str = ""


class ApprovalRecords:
    """Requests of all units, and the index of decisions."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def request(self, unit: str, environment: str) -> ApprovalRequest | None:
        """The request that was made last for a unit's environment, decided or not."""
        item = self._table.get(APPROVALS.key(unit), environment)
        return _request(item) if item else None

    def requests(self, unit: str) -> list[ApprovalRequest]:
        """The last request of each environment of a unit."""
        return [_request(item) for item in self._table.query(APPROVALS.key(unit))]

    def record_request(self, request: ApprovalRequest) -> bool:
        """Ask; False when a newer promotion asked already. An older request is overwritten: supersede it first."""
        item = {**_stored(request), "requested_at": self._table.now()}
        return self._table.put(item, Attr("pk").not_exists() | Attr("order").lte(request.order))

    def is_pending(self, request: ApprovalRequest) -> bool:
        """Whether a request still waits for its decision."""
        now = self.request(request.unit, request.environment)
        return now is not None and (now.status, now.id) == ("PENDING", request.id)

    def close_request(self, request: ApprovalRequest, status: str) -> bool:
        """Note that a pending request waits no more; False when somebody else was first."""
        return self._turn(request.model_copy(update={"status": status}), "PENDING")

    def note_help(self, request: ApprovalRequest) -> None:
        """Note, before it is done, that another gate than the one that decided hands a decision on."""
        self._turn(request.model_copy(update={"helped": True}), request.status)

    def expire(self, request: ApprovalRequest) -> bool:
        """Note that a decision came too late: the promotion did not wait any more."""
        return self._turn(request.model_copy(update={"status": "EXPIRED"}), request.status)

    def _turn(self, request: ApprovalRequest, old: str) -> bool:
        return self._table.put(_stored(request), Attr("status").eq(old) & Attr("id").eq(request.id))

    def close_requests(self, unit: str, execution: str) -> None:
        """Close what a promotion that has ended still asks for."""
        for request in self.requests(unit):
            if request.execution == execution and request.status == "PENDING":
                self.close_request(request, "EXPIRED")

    def use_proof(self, fingerprint: str, gate: str) -> bool:
        """Note that a proof of identity was used; False when another execution of a gate has used it."""
        item = {"pk": PROOFS.key(fingerprint), "sk": "USED", "gate": gate, "used_at": self._table.now()}
        return self._table.put(item, Attr("pk").not_exists() | Attr("gate").eq(gate))

    def index_decision(self, decision: Decision, kept: Kept) -> None:
        """List a decision for views; doing so again changes nothing."""
        gate = decision.gate.rsplit(":", 1)[-1]
        key = {"pk": DECISIONS.key(decision.unit), "sk": f"{decision.decided_at}#{decision.environment}#{gate}"}
        shown = decision.model_dump(mode="json", include=set(IndexedDecision.model_fields))
        self._table.put({**key, **shown, **kept.model_dump()})

    def decisions(self, unit: str) -> list[IndexedDecision]:
        """Every decision on a unit, the newest first."""
        items = self._table.query(DECISIONS.key(unit), newest_first=True)
        fields = IndexedDecision.model_fields
        return [IndexedDecision.model_validate({name: item[name] for name in fields if name in item}) for item in items]


def _stored(request: ApprovalRequest) -> Item:
    return {"pk": APPROVALS.key(request.unit), "sk": request.environment, **request.model_dump(mode="json")}


def _request(item: Item) -> ApprovalRequest:
    return ApprovalRequest.model_validate({name: item[name] for name in ApprovalRequest.model_fields if name in item})
