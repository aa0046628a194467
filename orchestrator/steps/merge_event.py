"""What tells of a merge: the orchestrator's own event, put by whoever hears of it, and CodeCommit's."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.config.invalid import told
from orchestrator.errors import OrchestratorError, RequestError

CODECOMMIT = "aws.codecommit"


class Merge(BaseModel):
    """The detail of a merge event: a branch moved, to a commit; without one, it is just time to look at the branch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    branch: str
    commit: str | None = None


class MergeEvent(BaseModel):
    """The event as EventBridge delivers it; there is more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail: Merge


class BranchDeletedError(OrchestratorError):
    """The branch whose merges are promoted was deleted."""


class _Reference(BaseModel):
    """The detail of CodeCommit's event; there is more in it. A forced push is an update like any other."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event: Literal["referenceCreated", "referenceUpdated", "referenceDeleted"]
    referenceType: Literal["branch"]  # noqa: N815  # CodeCommit's name.
    referenceName: str  # noqa: N815  # The same.
    repositoryName: str  # noqa: N815  # The same.
    commitId: str | None = None  # noqa: N815  # The same.


def parse_event(event: Any) -> MergeEvent:
    """Read an event.

    Raises:
        RequestError: it is not a merge event.
        BranchDeletedError: it tells that the branch is gone.
    """
    try:
        if isinstance(event, dict) and event.get("source") == CODECOMMIT:
            return _of_codecommit(_Reference.model_validate(event.get("detail")))
        return MergeEvent.model_validate(event)
    except ValidationError as error:
        raise RequestError(
            f'This is not a merge event: {told(error)}. Its detail must be {{"branch": "main", "commit": "<sha>"}}.'
        ) from error


def _of_codecommit(told: _Reference) -> MergeEvent:
    if told.event == "referenceDeleted":
        raise BranchDeletedError(
            f"The branch {told.referenceName!r} of {told.repositoryName} was deleted in CodeCommit: nothing is "
            "promoted, and what runs goes on running. Push the branch again, or set another one in orchestrator.toml."
        )
    return MergeEvent(detail=Merge(branch=told.referenceName, commit=told.commitId))
