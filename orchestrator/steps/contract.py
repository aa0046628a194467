"""What goes into a step and what comes out of it: the parts of the execution document.

The document is `{"unit", "request", "release", "environments": {"dev": {"plan", "approval", "deployment",
"smoke_test", "rollback"}}}`. A step's input is the part it needs, chosen by the state's Parameters; its result
is written back by the state's ResultPath. Large things go to S3 and leave a key here.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.decisions.document import Kept
from orchestrator.guardrails.lookup import NamedEnvironment, recorded
from orchestrator.guardrails.rules import Rules, Tightening, rules

Concurrency = Literal["superseded", "queued"]


class Status(StrEnum):
    """Every status a step may return. A Choice state acts on each; what is not listed is an error and raised."""

    SUCCEEDED = "SUCCEEDED"
    IN_PROGRESS = "IN_PROGRESS"
    BUSY = "BUSY"
    STALE = "STALE"
    SUPERSEDED = "SUPERSEDED"
    QUEUED = "QUEUED"
    COUNTED = "COUNTED"
    FROZEN = "FROZEN"
    HELD = "HELD"
    QUARANTINED = "QUARANTINED"
    TRAIN_ENDED = "TRAIN_ENDED"
    NOT_APPROVED = "NOT_APPROVED"
    FAILED = "FAILED"
    PLANNED = "PLANNED"
    NO_CHANGES = "NO_CHANGES"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    TIMED_OUT = "TIMED_OUT"
    REFUSED = "REFUSED"
    ROLLED_BACK = "ROLLED_BACK"


LATER = (Status.IN_PROGRESS, Status.BUSY, Status.QUEUED, Status.FROZEN)
"""Statuses with which it is worth asking a step again."""
NEVER = (Status.HELD, Status.QUARANTINED, Status.TRAIN_ENDED)
"""Statuses with which a promotion ends before an environment."""
PLANNED = (Status.PLANNED, Status.NO_CHANGES)
"""Statuses of a plan that can be decided on and deployed."""


class Document(BaseModel):
    """The base of every step's input and result."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Execution(Document):
    """The promotion's execution, out of the context object. Its start decides which of two promotions is newer."""

    id: str = Field(description="The execution's ARN.")
    name: str
    started_at: datetime
    since: datetime | None = Field(
        default=None, description="When the train started that it belongs to, as the ledger knows it."
    )

    @property
    def order(self) -> str:
        """What promotions of a unit are compared by: later ones are greater. A train's member ranks as its train."""
        milliseconds = (self.since or self.started_at).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        return f"{milliseconds}Z#{self.name}"


class Request(Document):
    """What a promotion was asked to do: the execution's input.

    Either `version` (redeploy that release) or `commit` (build it). `from` and `to` name the first and the last
    environment. The three permissions to go against a rule each need a reason; all of it is kept in the ledger.
    """

    version: str | None = None
    commit: str | None = None
    from_: EnvironmentName | None = Field(default=None, alias="from")
    to: EnvironmentName | None = None
    branch: str | None = Field(default=None, description="Set by a merge, which the ledger must know.")
    digest: str | None = Field(default=None, description="Set by a merge, which the ledger must know.")
    reason: str | None = None
    override_freeze: bool = Field(default=False, description="Deploy in spite of freezes and outside windows.")
    skip_gates: bool = Field(default=False, description="Begin at `from` with what did not pass the ones before it.")
    retry_of: str | None = Field(
        default=None, description="The name of the failed execution that this one goes on for."
    )
    rollback: bool = Field(default=False, description="Return one environment to a release that worked there.")
    build_only: bool = Field(default=False, description="End with the release, before any environment.")
    train: str | None = Field(default=None, description="Set by a train; it holds only as far as the ledger agrees.")
    started_by: str | None = Field(
        default=None,
        alias="AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID",
        description="Set by a train: what the console links to the train's execution by.",
    )


class Release(Document):
    """The release being promoted: enough to find and check all of it."""

    unit: UnitName
    version: str
    digest: str
    commit: str
    manifest: str = Field(description="Key of the manifest in the tooling bucket.")
    manifest_sha256: str
    author: str = Field(default="", description="Of the commit, as git writes it.")

    @property
    def name(self) -> str:
        """The release as people write it, such as `orders@0.2.1`."""
        return f"{self.unit}@{self.version}"


class StepInput(Document):
    """What every step that works on one environment is given: names, and what the merge adds to the guardrails."""

    release: Release
    environment: NamedEnvironment
    merged: Tightening = Tightening()
    stack_name: str
    execution: Execution
    request: Request = Request()
    concurrency: Concurrency = "superseded"

    @model_validator(mode="after")
    def _stack_may_be_deployed(self, info: ValidationInfo) -> Self:
        guardrails = recorded(info)
        if guardrails and not guardrails.organization.may_deploy(self.stack_name):
            raise ValueError(f"the guardrails let roles touch no stack called {self.stack_name!r}")
        return self

    @property
    def rules(self) -> Rules:
        """What holds for this unit in this environment."""
        return rules(self.environment, self.merged)


class StepResult(Document):
    """What every step returns."""

    status: Status
    message: str = Field(description="One sentence for a person.")
    retry_after: int = Field(default=0, ge=0, description="Seconds until asking again is worth it.")


class PlanResult(StepResult):
    """What a deployment would change, in short; the whole plan lies in S3."""

    key: str = Field(default="", description="Key of the whole plan in the tooling bucket.")
    plan_hash: str = Field(default="", description="SHA-256 over what would change: approvals bind to it.")
    requires_approval: bool = Field(default=True, description="Whether a person must decide before it is deployed.")


class ApprovalResult(StepResult):
    """The answer to an approval request: it is what the waiting state returns. Nothing follows from what it says."""

    decision: Kept | None = Field(default=None, description="Where the decision is kept: Deploy reads it there.")
    gate: str = Field(default="", description="ARN of the gate execution that decided.")


class SmokeTestOutcome(Document):
    """How one smoke test went in one target."""

    test: str
    target: str
    passed: bool
    message: str


class SmokeTestResult(StepResult):
    """How a deployment was verified."""

    outcomes: tuple[SmokeTestOutcome, ...] = ()


class RollBackResult(StepResult):
    """What an environment was returned to."""

    version: str | None = Field(
        default=None,
        description="The last known good release, None when there is none: a stack may be what it was before the unit.",
    )
    outcomes: tuple[SmokeTestOutcome, ...] = ()
