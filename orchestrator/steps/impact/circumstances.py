"""In which circumstances a promotion came to a plan: who started it, and against which rules it goes."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from orchestrator.steps.contract import Request
from orchestrator.steps.impact.shown import shown


class Circumstances(BaseModel):
    """What approvers must know besides what would change.

    Attributes:
        automatic: whether a merge started it, as the ledger knows.
        starter: the ARN of the person who did; empty where it is not known.
        train: the train that it belongs to; empty where there is none.
        reason: what the person gave as the reason.
        skip_gates: whether it left out environments.
        override_freeze: whether it goes in despite freezes and outside windows.
        rollback: whether it returns to a release that worked there.
        merged: whether its commit is on the configured branch; None where that is not known.
        commit: that commit.
    """

    model_config = ConfigDict(frozen=True)

    automatic: bool
    starter: str = ""
    train: str = ""
    reason: str = ""
    skip_gates: bool = False
    override_freeze: bool = False
    rollback: bool = False
    merged: bool | None = None
    commit: str = ""

    @property
    def warnings(self) -> Iterator[str]:
        """The rules that it goes against, each in a sentence."""
        reason = f" Reason: {shown(self.reason)}." if self.reason else ""
        if self.merged is False:
            yield f"NOT MERGED: the commit {self.commit[:12]} is not on the branch."
        if self.skip_gates:
            yield f"SKIPS GATES: it did not pass the environments before this one.{reason}"
        if self.override_freeze:
            yield f"OVERRIDES FREEZES: it goes in despite freezes and outside the windows.{reason}"

    @property
    def lines(self) -> Iterator[str]:
        """All of it for a person to read."""
        yield from self.warnings
        if self.merged is None:
            yield f"It is not known whether the commit {self.commit[:12]} is on the branch."
        how = "to roll back, " if self.rollback else ""
        if self.train:
            yield f"Started {how}by the train {shown(self.train)}."
        elif self.automatic:
            yield "Started by a merge."
        else:
            who = shown(self.starter) if self.starter else "somebody whom CloudTrail does not name yet"
            yield f"Started {how}by hand, by {who}.{f' Reason: {shown(self.reason)}.' if self.reason else ''}"


def circumstances(
    request: Request, commit: str, *, automatic: bool = False, starter: str | None, merged: bool | None
) -> Circumstances:
    """Gather them.

    Args:
        request: what was asked for.
        commit: the release's.
        automatic: whether a merge started the execution, as the ledger knows.
        starter: the ARN of who started the execution, where it is known.
        merged: whether the commit is on the configured branch, where it is known.
    """
    return Circumstances(
        automatic=automatic,
        starter=starter or "",
        train=request.train or "",
        reason=request.reason or "",
        skip_gates=request.skip_gates,
        override_freeze=request.override_freeze,
        rollback=request.rollback,
        merged=merged,
        commit=commit,
    )
