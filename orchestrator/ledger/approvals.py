"""Approvals in the ledger: the one request an environment waits for, and every decision, refused ones too."""

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.identity.policy import ApprovalPolicy
from orchestrator.ledger.table import Item, LedgerTable, train_key, unit_key

_TRAIN = "train/"


class Verdict(BaseModel):
    """What was decided on a request, as far as it is more than approved or rejected.

    Attributes:
        gate: ARN of the execution that decided.
        message: one sentence for the promotion and for people.
        identity: ARN of who decided, empty when nobody could tell.
        evidence: how that is known, as in `Decision`.
        helped: whether another gate has handed it on.
    """

    model_config = ConfigDict(frozen=True)

    gate: str
    message: str
    identity: str = ""
    evidence: str = ""
    helped: bool = False


class ApprovalRequest(BaseModel):
    """What a person is asked to decide on: one plan of one release for one environment, or those of a whole train.

    The task token answers the waiting execution. It stays in the ledger: no message, log or view shows it.

    Attributes:
        unit: whose release it is, or the train as `train/<name>`.
        version: the release, or the train's name.
        manifest_sha256: of the release, or over those of all members; `plan_hash` likewise.
        member_of: the train that the promotion says it belongs to.
        shown: hash that a decision names what was shown by: the plan's, or that over all members of a train.
        authors: of the commits, as git writes them, and whether they are all.
        policy: whose decisions count, where the gate itself does not say it.
        verdict: what was decided; None before, and where no gate did.
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
    shown: str = ""
    member_of: str | None = None
    authors: tuple[str, ...] = ()
    authors_complete: bool = False
    policy: ApprovalPolicy | None = None
    started_at: str = ""
    approved_by: tuple[str, ...] = ()
    status: str = "PENDING"
    requested_at: str = ""
    verdict: Verdict | None = None

    @property
    def bound(self) -> tuple[str, str]:
        """What its decision is bound to: the release, and the plan."""
        return self.manifest_sha256, self.plan_hash

    @property
    def train(self) -> str | None:
        """The train that it is about; None when it is about a unit alone."""
        return train_in(self.unit)


class Decision(BaseModel):
    """What was decided, through which gate execution, and whether it counted.

    Attributes:
        identity: ARN of who decided, empty when nobody could tell.
        evidence: how that is known: "proof", "cloudtrail", or empty.
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


class ApprovalRecords:
    """Requests and decisions of all units."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def request(self, unit: str, environment: str) -> ApprovalRequest | None:
        """The request that was made last for a unit's environment, decided or not."""
        item = self._table.get(_key(unit), f"APPROVAL#{environment}")
        return _request(item) if item else None

    def requests(self, unit: str) -> list[ApprovalRequest]:
        """The last request of each environment of a unit."""
        return [_request(item) for item in self._table.query(_key(unit), "APPROVAL#")]

    def record_request(self, request: ApprovalRequest) -> bool:
        """Ask; False when a newer promotion asked already. An older request is overwritten: supersede it first."""
        item = {
            "pk": _key(request.unit),
            "sk": f"APPROVAL#{request.environment}",
            **_stored(request),
            "requested_at": self._table.now(),
        }
        return self._table.put(item, Attr("pk").not_exists() | Attr("order").lte(request.order))

    def is_pending(self, request: ApprovalRequest) -> bool:
        """Whether a request still waits for its decision."""
        now = self.request(request.unit, request.environment)
        return now is not None and (now.status, now.token) == ("PENDING", request.token)

    def close_request(self, request: ApprovalRequest, status: str, verdict: Verdict | None = None) -> bool:
        """Turn a pending request into a decided one; False when somebody else was first."""
        return self._turn(request, "PENDING", status, verdict)

    def note_help(self, request: ApprovalRequest, verdict: Verdict) -> None:
        """Note, before it is done, that another gate than the one that decided hands a decision on."""
        self._turn(request, request.status, request.status, verdict.model_copy(update={"helped": True}))

    def expire(self, request: ApprovalRequest) -> bool:
        """Note that a decision came too late: the promotion did not wait any more."""
        return self._turn(request, request.status, "EXPIRED", request.verdict)

    def _turn(self, request: ApprovalRequest, old: str, new: str, verdict: Verdict | None) -> bool:
        turned = request.model_copy(update={"status": new, "verdict": verdict})
        item = {"pk": _key(request.unit), "sk": f"APPROVAL#{request.environment}", **_stored(turned)}
        mine = Attr("status").eq(old) & Attr("execution").eq(request.execution) & Attr("token").eq(request.token)
        return self._table.put(item, mine)

    def close_requests(self, unit: str, execution: str) -> None:
        """Close what a promotion that has ended still asks for."""
        for request in self.requests(unit):
            if request.execution == execution and request.status == "PENDING":
                self.close_request(request, "EXPIRED")

    def add_approval(self, request: ApprovalRequest, who: str) -> ApprovalRequest | None:
        """Count one more approval; None when the request has changed meanwhile."""
        more = request.model_copy(update={"approved_by": (*request.approved_by, who)})
        item = {"pk": _key(request.unit), "sk": f"APPROVAL#{request.environment}", **_stored(more)}
        unchanged = Attr("approved_by").eq(list(request.approved_by)) & Attr("token").eq(request.token)
        return more if self._table.put(item, unchanged & Attr("status").eq("PENDING")) else None

    def use_proof(self, fingerprint: str, gate: str) -> bool:
        """Note that a proof of identity was used; False when another execution of a gate has used it."""
        item = {"pk": f"PROOF#{fingerprint}", "sk": "USED", "gate": gate, "used_at": self._table.now()}
        return self._table.put(item, Attr("pk").not_exists() | Attr("gate").eq(gate))

    def record_decision(self, decision: Decision) -> None:
        """Keep a decision for good."""
        now = self._table.now()
        key = f"DECISION#{now}#{decision.environment}#{decision.gate.rsplit(':', 1)[-1]}"
        self._table.put({"pk": _key(decision.unit), "sk": key, **decision.model_dump(), "decided_at": now})

    def decisions(self, unit: str) -> list[Decision]:
        """Every decision on a unit, the newest first."""
        items = self._table.query(_key(unit), "DECISION#", newest_first=True)
        fields = Decision.model_fields
        return [Decision.model_validate({name: item[name] for name in fields if name in item}) for item in items]


def train_subject(train: str) -> str:
    """What requests and decisions call a train where they otherwise name a unit."""
    return f"{_TRAIN}{train}"


def train_in(subject: str) -> str | None:
    """The train that is called so; None when it is a unit."""
    return subject.removeprefix(_TRAIN) if subject.startswith(_TRAIN) else None


def _key(subject: str) -> str:
    train = train_in(subject)
    return unit_key(subject) if train is None else train_key(train)


def _stored(request: ApprovalRequest) -> Item:
    return request.model_dump(mode="json")


def _request(item: Item) -> ApprovalRequest:
    return ApprovalRequest.model_validate({name: item[name] for name in ApprovalRequest.model_fields if name in item})
