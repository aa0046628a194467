"""Whose decision counts: pure, and the same at every gate."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from orchestrator.config.base import Settings
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.identity.person import Person, matches, may_be, person_of

Excluded = Literal["author", "starter"]
UnmappedAuthors = Literal["one_more", "refuse"]


class ApprovalPolicy(Settings):
    """What approvals of one unit for one environment must fulfil."""

    approvers: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Groups of patterns; an approver must match one of each group."
    )
    approvals: int = Field(default=1, ge=1, le=10)
    excluded: tuple[Excluded, ...] = ()
    accounts: tuple[str, ...] = Field(default=(), description="AWS accounts whose principals may decide.")
    named_session_roles: tuple[str, ...] = Field(
        default=(), description="ARNs of roles whose trust policies fix the session's name."
    )
    people: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="By the address that git knows somebody by, or github:<login>, patterns of the same principals.",
    )
    unmapped_authors: UnmappedAuthors = Field(
        default="one_more", description="What follows where an author is excluded and it is not known who that is."
    )

    @property
    def demands_identity(self) -> bool:
        """Whether it must be known who decides."""
        return bool(self.approvers) or self.approvals > 1 or bool(self.excluded)

    def person(self, arn: str) -> Person:
        """Find the person behind an ARN; raises `RequestError` when there is none."""
        return person_of(arn, self.named_session_roles)


@dataclass(frozen=True)
class Authors:
    """Who wrote and pushed what is decided on.

    Attributes:
        found: as git writes them: `Name <address>`.
        complete: whether certainly nobody else wrote it.
        pushers: as the branch's host proves them: an ARN, or `github:` and a login.
    """

    found: tuple[str, ...] = ()
    complete: bool = False
    pushers: tuple[str, ...] = ()


def strictest(policies: Iterable[ApprovalPolicy]) -> ApprovalPolicy:
    """Combine policies: whoever may decide by the result may decide by each of them.

    Accounts, people, and roles with named sessions are not combined: they are those of the first policy.
    """
    combined = list(policies)
    known = combined[0] if combined else ApprovalPolicy()
    return known.model_copy(
        update={
            "approvers": tuple(dict.fromkeys(group for one in combined for group in one.approvers)),
            "approvals": max((one.approvals for one in combined), default=1),
            "excluded": tuple(dict.fromkeys(who for one in combined for who in one.excluded)),
            "unmapped_authors": "refuse" if any(one.unmapped_authors == "refuse" for one in combined) else "one_more",
        }
    )


def refusal(policy: ApprovalPolicy, who: str, authors: Authors, starter: str | None) -> str | None:
    """Say why somebody's decision does not count; None when it does.

    Args:
        policy: what must be fulfilled.
        who: ARN of who decides.
        authors: of the change that is decided on.
        starter: ARN of who started the promotion by hand, None when a merge did.

    Raises:
        RequestError: an ARN identifies nobody.
    """
    person = policy.person(who)
    if person.account not in policy.accounts:
        listed = ", ".join(policy.accounts) or "no account"
        return f"{who} is of the AWS account {person.account}: only principals of {listed} may decide."
    for group in policy.approvers:
        if not any(matches(pattern, person) for pattern in group):
            named = ", ".join(group) or "nobody fulfils all lists"
            return f"{who} is not among the approvers: {named}.{_role(who, person)}"
    if "author" in policy.excluded and (problem := _author_problem(policy, who, person, authors)):
        return problem
    if "starter" in policy.excluded and starter and same_person(policy, person, policy.person(starter)):
        return f"{who} started the promotion: somebody else must decide.{_role(who, person)}"
    return None


def required(policy: ApprovalPolicy, authors: Authors) -> int:
    """How many approvals a decision takes: one more where `author` is excluded and an author is not known."""
    is_unknown = "author" in policy.excluded and (not authors.complete or unmapped(policy, authors))
    return policy.approvals + (1 if is_unknown else 0)


def why_more(policy: ApprovalPolicy, authors: Authors) -> str:
    """Say why `required` asks for one approval more than the policy; empty where it does not."""
    if required(policy, authors) == policy.approvals:
        return ""
    nameless = ", ".join(unmapped(policy, authors))
    reason = f"[people] does not name {nameless}" if nameless else "not all authors of the change are known"
    return f" That is one more than required_approvals, because {reason}."


def unmapped(policy: ApprovalPolicy, authors: Authors) -> tuple[str, ...]:
    """The authors and pushers of whom nobody knows which principal they are."""
    known = _people(policy)
    writers = tuple(author for author in authors.found if _address(author) not in known)
    return writers + tuple(one for one in authors.pushers if one.lower() not in known and not _principal(policy, one))


def is_author(who: str, author: str) -> bool:
    """Whether a principal carries the name of a commit's author: the address, or what stands before its @."""
    address = _address(author)
    return _name(who) in (address, address.split("@")[0])


def is_pusher(who: str, pusher: str) -> bool:
    """Whether a principal carries the name of somebody who pushed: a login, or an address that begins with it."""
    name = _name(who)
    return _name(pusher) in (name, name.split("@")[0])


def same_person(policy: ApprovalPolicy, one: Person, other: Person) -> bool:
    """Whether two principals are one person: the same, or both of one entry of `[people]`."""
    return one.arn == other.arn or any(
        any(may_be(pattern, one) for pattern in patterns) and any(may_be(pattern, other) for pattern in patterns)
        for patterns in policy.people.values()
    )


def has_approved(policy: ApprovalPolicy, who: str, approved_by: Iterable[str]) -> bool:
    """Whether somebody is among those who have approved, under whatever name."""
    return bool(who) and any(same_person(policy, policy.person(who), policy.person(one)) for one in approved_by)


def missing(policy: ApprovalPolicy, approved_by: Iterable[str]) -> int:
    """How many more approvals it takes; those of one person are one, as are those of nobody knows whom."""
    counted: list[str] = []
    for who in approved_by:
        if who not in counted and not has_approved(policy, who, filter(None, counted)):
            counted.append(who)
    return max(0, policy.approvals - len(counted))


def _author_problem(policy: ApprovalPolicy, who: str, person: Person, authors: Authors) -> str | None:
    nameless, people = unmapped(policy, authors), _people(policy)
    for author in authors.found:
        if any(may_be(pattern, person) for pattern in people.get(_address(author), ())) or (
            author in nameless and is_author(who, author)
        ):
            return f"{who} wrote a part of the change ({author}): somebody else must decide.{_role(who, person)}"
    for pusher in authors.pushers:
        principal = _principal(policy, pusher)
        if (
            any(may_be(pattern, person) for pattern in people.get(pusher.lower(), ()))
            or (principal and same_person(policy, person, principal))
            or (pusher in nameless and is_pusher(who, pusher))
        ):
            return f"{who} pushed a part of the change ({pusher}): somebody else must decide.{_role(who, person)}"
    if policy.unmapped_authors == "one_more":
        return None
    if nameless:
        return (
            f"{', '.join(nameless)} wrote or pushed a part of the change, and [people] of orchestrator.toml does not "
            "say which principal that is. Add the address or 'github:<login>', and have an administrator run "
            "'orchestrator guardrails apply'."
        )
    if not authors.complete:
        return (
            "Not all authors of the change are known: the history that is known ends too early. Promote a release "
            "whose commits since the one that runs there are known, or set unmapped_authors = 'one_more'."
        )
    return None


def _role(who: str, person: Person) -> str:
    """What to add where somebody's session name did not count."""
    return "" if person.arn == who else f" (The name of the session is chosen by the caller: {person.arn} counts.)"


def _people(policy: ApprovalPolicy) -> dict[str, tuple[str, ...]]:
    return {name.lower(): patterns for name, patterns in policy.people.items()}


def _principal(policy: ApprovalPolicy, pusher: str) -> Person | None:
    """The person behind a pusher's ARN; None for a name on GitHub, and for an ARN that identifies nobody."""
    try:
        return policy.person(pusher)
    except RequestError:
        return None


def _name(who: str) -> str:
    return re.split(r"[/:]", who)[-1].lower()


def _address(author: str) -> str:
    found = re.search(r"<([^<>]*)>[^<>]*$", author)
    return (found[1] if found else author).strip().lower()
