"""Events that tell of a merge: the orchestrator's own, put by people, CI or the webhook, and CodeCommit's."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.aws.merge_event import PUSH_DETAIL_TYPE, SOURCE
from orchestrator.config.invalid import told
from orchestrator.errors import OrchestratorError, RequestError
from orchestrator.source.pushes.push import LONGEST_PUSHER, CommitId, Push, known_commit, printable

CODECOMMIT = "aws.codecommit"


class Merge(BaseModel):
    """The detail of a merge event: a branch moved, to a commit; without one, it is just time to look at the branch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    branch: str
    commit: str | None = None


class MergeEvent(BaseModel):
    """The event as EventBridge delivers it; there is more in it.

    Attributes:
        detail: what happened.
        push: who pushed; None where whoever put the event may not say so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail: Merge
    push: Push | None = None


class BranchDeletedError(OrchestratorError):
    """The branch whose merges are promoted was deleted."""


class _Merged(BaseModel):
    """An event of people or CI."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail: Merge


class _Pushed(Push):
    """The detail of the webhook's event."""

    branch: str
    commit: CommitId


class _Reference(BaseModel):
    """The detail of CodeCommit's event; there is more in it. A forced push is an update like any other."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event: Literal["referenceCreated", "referenceUpdated", "referenceDeleted"]
    referenceType: Literal["branch"]  # noqa: N815  # CodeCommit's name.
    referenceName: str  # noqa: N815  # The same.
    repositoryName: str  # noqa: N815  # The same.
    commitId: str | None = None  # noqa: N815  # The same.
    oldCommitId: str | None = None  # noqa: N815  # The same.
    callerUserArn: str = ""  # noqa: N815  # The same.


def parse_event(event: Any) -> MergeEvent:
    """Read an event.

    Raises:
        RequestError: it is not a merge event.
        BranchDeletedError: it tells that the branch is gone.
    """
    try:
        match event:
            case {"source": source} if source == CODECOMMIT:
                return _of_codecommit(_Reference.model_validate(event.get("detail")), event.get("time"))
            case {"source": source, "detail-type": kind} if (source, kind) == (SOURCE, PUSH_DETAIL_TYPE):
                return _of_webhook(_Pushed.model_validate(event.get("detail")))
        return MergeEvent(detail=_Merged.model_validate(event).detail)
    except ValidationError as error:
        raise RequestError(
            f'This is not a merge event: {told(error)}. Its detail must be {{"branch": "main", "commit": "<sha>"}}.'
        ) from error


def _of_webhook(told: _Pushed) -> MergeEvent:
    push = Push(before=told.before, pushed_by=told.pushed_by, at=told.at)
    return MergeEvent(detail=Merge(branch=told.branch, commit=told.commit), push=push)


def _of_codecommit(told: _Reference, time: Any) -> MergeEvent:
    if told.event == "referenceDeleted":
        raise BranchDeletedError(
            f"The branch {told.referenceName!r} of {told.repositoryName} was deleted in CodeCommit: nothing is "
            "promoted, and what runs goes on running. Push the branch again, or set another one in orchestrator.toml."
        )
    who = printable(told.callerUserArn, LONGEST_PUSHER) if told.callerUserArn else None
    before = known_commit(told.oldCommitId)
    push = Push.model_validate({"before": before, "pushed_by": who, "at": time}) if who else None
    return MergeEvent(detail=Merge(branch=told.referenceName, commit=told.commitId), push=push)
