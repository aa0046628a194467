"""Whose decision counts: pure, and the same at every gate."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from orchestrator.aws.arn import role_of_session
from orchestrator.config.base import Settings

Excluded = Literal["author", "starter"]


class ApprovalPolicy(Settings):
    """What approvals of one unit for one environment must fulfil."""

    approvers: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Groups of patterns; an approver must match one of each group."
    )
    approvals: int = Field(default=1, ge=1, le=10)
    excluded: tuple[Excluded, ...] = ()

    @property
    def demands_identity(self) -> bool:
        """Whether it must be known who decides."""
        return bool(self.approvers) or self.approvals > 1 or bool(self.excluded)


def strictest(policies: Iterable[ApprovalPolicy]) -> ApprovalPolicy:
    """The policy that fulfils all of several: whoever may decide by it may decide by each of them."""
    found = list(policies)
    return ApprovalPolicy(
        approvers=tuple(dict.fromkeys(group for one in found for group in one.approvers)),
        approvals=max((one.approvals for one in found), default=1),
        excluded=tuple(dict.fromkeys(who for one in found for who in one.excluded)),
    )


def refusal(policy: ApprovalPolicy, who: str, authors: Iterable[str], starter: str | None) -> str | None:
    """Why somebody's decision does not count; None when it does.

    Args:
        policy: what must be fulfilled.
        who: ARN of who decides.
        authors: of the releases' commits, as git writes them: `Name <address>`.
        starter: ARN of who started the promotion by hand, None when a merge did.
    """
    for group in policy.approvers:
        if not any(matches(pattern, who) for pattern in group):
            return f"{who} is not among the approvers: {', '.join(group)}."
    written = next((author for author in authors if "author" in policy.excluded and is_author(who, author)), None)
    if written is not None:
        return f"{who} wrote the commit ({written}): somebody else must decide."
    if "starter" in policy.excluded and who == starter:
        return f"{who} started the promotion: somebody else must decide."
    return None


def matches(pattern: str, who: str) -> bool:
    """Whether a principal fits a pattern with `*`, by its ARN or by the role's behind a session."""
    return fnmatchcase(who, pattern) or fnmatchcase(role_of_session(who), pattern)


def is_author(who: str, author: str) -> bool:
    """Whether a principal carries the name of a commit's author: the address, or what stands before its @."""
    name = re.split(r"[/:]", who)[-1].lower()
    found = re.search(r"<([^<>]+)>", author)
    address = (found[1] if found else author).strip().lower()
    return name in (address, address.split("@")[0])


def missing(policy: ApprovalPolicy, approved_by: Iterable[str]) -> int:
    """How many more approvals it takes; two of the same principal are one."""
    return max(0, policy.approvals - len(set(approved_by)))
