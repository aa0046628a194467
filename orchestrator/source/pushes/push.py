"""A push as the branch's host tells it: git lets anybody claim who wrote a commit, and the host knows who pushed it."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from orchestrator.config.people import GITHUB
from orchestrator.source.objects import is_full_id

CommitId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")]
LONGEST_PUSHER = 640
"""Characters: the ARN of an IAM user with the longest path has 613."""

_LONGEST_LOGIN = 100
# What lies outside has no place in the ledger's sort keys, which are text.
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Push(BaseModel):
    """One push.

    Attributes:
        before: where the branch was; None where that is not known, or the branch was made.
        pushed_by: who pushed or merged: an ARN, or `github:` and a login.
        at: when, as the host tells it; None where it does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: CommitId | None = None
    pushed_by: Annotated[str, StringConstraints(pattern=r"^[!-~](?:[ -~]*[!-~])?$", max_length=LONGEST_PUSHER)]
    at: Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_LATEST)] | None = None


def github_pusher(login: str) -> str:
    """How somebody on GitHub is written."""
    return f"{GITHUB}{printable(login, _LONGEST_LOGIN)}"


def printable(text: str, most: int) -> str:
    """A name without anything that a terminal obeys; never dropped, since whoever is not known counts as unknown."""
    return ascii(text)[1:-1][:most].strip() or "?"


def known_commit(identity: str | None) -> str | None:
    """A full commit id; None for anything else, and for the zeros that stand for no commit."""
    return identity if identity and is_full_id(identity) and identity.strip("0") else None
