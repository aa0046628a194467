"""Policies that nobody can fulfil, or that protect nothing: found when guardrails are applied, not at the gate."""

from orchestrator.identity.person import Person, matches, meant_by, never_matches
from orchestrator.identity.policy import ApprovalPolicy, same_person


def unreachable(policy: ApprovalPolicy) -> str | None:
    """Say why a policy cannot be fulfilled, or protects nothing; None when it is sound.

    Args:
        policy: an environment's, or a unit's combined with it.
    """
    if not policy.approvers:
        return _unguarded(policy)
    needed = policy.approvals + (1 if "author" in policy.excluded and policy.unmapped_authors == "one_more" else 0)
    patterns = [pattern for group in policy.approvers for pattern in group]
    if problem := next(filter(None, (never_matches(one, policy.named_session_roles) for one in patterns)), None):
        return problem
    for group in policy.approvers:
        persons = _persons(policy, group)
        if persons is None or len(persons) >= needed:
            continue
        more = (
            " (one more than required_approvals, for an author who is not in [people])"
            if needed > policy.approvals
            else ""
        )
        known = " Or set unmapped_authors = 'refuse', and name all authors in [people]." if more else ""
        names = ", ".join(person.arn for person in persons) or "nobody"
        return (
            f"{needed} approvals can never be reached{more}: approvers = [{', '.join(group)}] are {_number(persons)} "
            f"({names}). A role is one person, unless its trust policy fixes the session's name. Name more "
            f"approvers, or ask for fewer approvals.{known}"
        )
    return None


def _number(persons: list[Person]) -> str:
    return "1 person" if len(persons) == 1 else f"{len(persons)} persons"


def _unguarded(policy: ApprovalPolicy) -> str | None:
    """Exclusions and numbers count persons, so approvers must be named: otherwise anybody finds another principal."""
    asked = [
        *(["required_approvals"] if policy.approvals > 1 else []),
        *(["excluded_approvers"] if policy.excluded else []),
    ]
    if not asked:
        return None
    return f"{' and '.join(asked)} protect nothing without approvers: name those who may decide."


def _persons(policy: ApprovalPolicy, group: tuple[str, ...]) -> list[Person] | None:
    """The persons that a group of patterns means and that fit the other groups as well; None for any number."""
    found: list[Person] = []
    for pattern in group:
        meant = meant_by(pattern, policy.named_session_roles)
        if meant is None:
            return None
        found += [
            person
            for person in meant
            if person.account in policy.accounts
            and all(any(matches(one, person) for one in other) for other in policy.approvers)
            and not any(same_person(policy, person, known) for known in found)
        ]
    return found
