"""A decision as it is kept: what was decided, on which releases and plans, by whom and by which policy."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.identity.policy import ApprovalPolicy

_TRAIN = "train/"


class Entry(BaseModel):
    """One release and the plan of what it would change: all that a decision lets in.

    Attributes:
        manifest_sha256: of the release.
        plan_hash: of the plan that was shown.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    version: str
    manifest_sha256: str
    plan_hash: str


class Approval(BaseModel):
    """One approval that counted.

    Attributes:
        identity: ARN of who approved, empty where nobody could tell and nobody had to.
        evidence: how that is known: "proof", "cloudtrail", or empty.
        gate: ARN of the gate's execution.
        at: when, ISO 8601.
    """

    model_config = ConfigDict(frozen=True)

    identity: str
    evidence: str
    gate: str
    at: str
    reason: str = ""


class Decision(BaseModel):
    """What one execution of a gate came to.

    Attributes:
        unit: whose release it is about, or the train as `train/<name>`.
        version: the release, or the train's name.
        request: what was decided on; empty where nothing waited.
        execution: ARN of the promotion or the train that asked.
        decision: "approve" or "reject".
        status: APPROVED or REJECTED; COUNTED when more approvals are needed; REFUSED.
        settles: whether it is the one that settled its request; others may have agreed with it.
        entries: the release and its plan, or those of all members of the train.
        approvals: those that counted up to here.
        policy: what it was judged by.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    environment: str
    version: str
    request: str = ""
    execution: str = ""
    decision: str
    status: str
    settles: bool = False
    message: str
    reason: str = ""
    gate: str
    identity: str = ""
    evidence: str = ""
    decided_at: str
    entries: tuple[Entry, ...] = ()
    approvals: tuple[Approval, ...] = ()
    policy: ApprovalPolicy = ApprovalPolicy()

    @property
    def train(self) -> str | None:
        """The train that it is about; None when it is about a unit alone."""
        return train_in(self.unit)

    @property
    def approval(self) -> Approval:
        """What it adds to the approvals of its request."""
        return Approval(
            identity=self.identity, evidence=self.evidence, gate=self.gate, at=self.decided_at, reason=self.reason
        )


class Kept(BaseModel):
    """Where a decision is kept."""

    model_config = ConfigDict(frozen=True)

    key: str
    version_id: str


def train_subject(train: str) -> str:
    """What requests and decisions call a train where they otherwise name a unit."""
    return f"{_TRAIN}{train}"


def train_in(subject: str) -> str | None:
    """The train that is called so; None when it is a unit."""
    return subject.removeprefix(_TRAIN) if subject.startswith(_TRAIN) else None


def request_id(token: str) -> str:
    """What a request is called: it follows from its token, which does not follow from it."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def bound_to(entries: Iterable[Entry]) -> tuple[str, str]:
    """What a decision on a train is bound to: a SHA-256 over all manifests, and one over all that is decided on."""
    members = sorted((one.unit, one.version, one.manifest_sha256, one.plan_hash) for one in entries)
    return _hash([manifest for _, _, manifest, _ in members]), _hash(members)


def _hash(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
