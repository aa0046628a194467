"""What goes into a step and what comes out of it: the parts of the execution document.

The document is `{"unit", "request", "release", "environments": {"dev": {"plan", "approval", "deployment",
"smoke_test", "rollback"}}}`. A step's input is the part it needs, chosen by the state's Parameters; its result
is written back by the state's ResultPath. Large things go to S3 and leave a key here.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.config.organization import Environment


class Status(StrEnum):
    """Every status a step may return. A Choice state acts on each; what is not listed is an error and raised."""

    SUCCEEDED = "SUCCEEDED"
    IN_PROGRESS = "IN_PROGRESS"
    BUSY = "BUSY"
    STALE = "STALE"
    SUPERSEDED = "SUPERSEDED"
    FAILED = "FAILED"
    PLANNED = "PLANNED"
    NO_CHANGES = "NO_CHANGES"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    TIMED_OUT = "TIMED_OUT"
    REFUSED = "REFUSED"
    ROLLED_BACK = "ROLLED_BACK"


class Document(BaseModel):
    """The base of every step's input and result."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Execution(Document):
    """The promotion's execution, out of the context object. Its start decides which of two promotions is newer."""

    id: str = Field(description="The execution's ARN.")
    name: str
    started_at: datetime

    @property
    def order(self) -> str:
        """What promotions of a unit are compared by: later ones are greater."""
        return f"{self.started_at.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}#{self.name}"


class Request(Document):
    """What a promotion was asked to do: the execution's input.

    Either `version` (redeploy that release) or `commit` (build it). `from` and `to` name the first and the last
    environment.
    """

    version: str | None = None
    commit: str | None = None
    from_: EnvironmentName | None = Field(default=None, alias="from")
    to: EnvironmentName | None = None
    branch: str | None = Field(default=None, description="Set by a merge.")
    digest: str | None = Field(default=None, description="Set by a merge.")
    reason: str | None = None


class Release(Document):
    """The release being promoted: enough to find and check all of it."""

    unit: UnitName
    version: str
    digest: str
    commit: str
    manifest: str = Field(description="Key of the manifest in the tooling bucket.")
    manifest_sha256: str

    @property
    def name(self) -> str:
        """The release as people write it, such as `orders@0.2.1`."""
        return f"{self.unit}@{self.version}"


class StepInput(Document):
    """What every step that works on one environment is given."""

    release: Release
    environment: Environment
    stack_name: str
    execution: Execution


class StepResult(Document):
    """What every step returns."""

    status: Status
    message: str = Field(description="One sentence for a person.")
    retry_after: int = Field(default=0, ge=0, description="Seconds until asking again is worth it.")
