"""The person behind an ARN: what AWS proves of somebody, and nothing that the caller chose."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass

_NAME = r"[A-Za-z0-9+=,.@_-]{1,64}"
_PATH = r"(?:[!-.0-~]+/)*"
_PARTITION, _ACCOUNT = r"(?P<partition>aws(?:-[a-z]+)*)", r"(?P<account>[0-9]{12})"
_USER = re.compile(rf"arn:{_PARTITION}:iam::{_ACCOUNT}:(?:root|user/{_PATH}{_NAME})")
_SESSION = re.compile(rf"arn:{_PARTITION}:sts::{_ACCOUNT}:assumed-role/(?P<role>{_NAME})/[A-Za-z0-9+=,.@_-]{{2,64}}")
_ROLE = re.compile(rf"arn:{_PARTITION}:iam::{_ACCOUNT}:role/{_PATH}(?P<role>{_NAME})")
_WILD = re.compile(r"[*?[]")
# IAM Identity Center makes these roles, and names their sessions after the user.
_SINGLE_SIGN_ON = re.compile(r"AWSReservedSSO_[A-Za-z0-9+=,.@_-]+_[0-9a-f]{16}")
# A pattern of sessions, taken apart; any part of it may hold wildcards.
_SESSION_PATTERN = re.compile(r"(?P<begin>arn:[^:]*):sts:(?P<middle>:[^:]*):assumed-role/(?P<role>[^/]*)/.*")


@dataclass(frozen=True)
class Person:
    """Somebody who counts once.

    Attributes:
        arn: identifies the person: a user, a session whose name is proven, or a role that anybody may be behind.
        account: the AWS account.
        names: the ARNs that patterns may match, each of them proven.
    """

    arn: str
    account: str
    names: tuple[str, ...]

    @property
    def is_role(self) -> bool:
        """Whether only a role is known, and not who has assumed it."""
        return ":role/" in self.arn


def person_of(arn: str, named_session_roles: Iterable[str] = ()) -> Person:
    """Find the person behind an ARN that AWS told.

    An IAM user and an account's root are persons. So is a session of a role whose session names are proven: a role of
    IAM Identity Center, or a role whose trust policy fixes the name. Of any other session, the role is the person.

    Args:
        arn: as GetCallerIdentity or CloudTrail tells it.
        named_session_roles: ARNs of the roles whose trust policies fix the session's name.

    Raises:
        RequestError: the ARN identifies nobody.
    """
    if user := _USER.fullmatch(arn):
        return Person(arn, user["account"], (arn,))
    session = _SESSION.fullmatch(arn)
    if session is None:
        raise RequestError(
            f"{arn!r} does not identify a person. Decide as an IAM user or with the session of a role: the names of "
            "federated users are chosen by whoever calls GetFederationToken."
        )
    role = f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"
    is_named = _is_named(role, named_session_roles)
    return Person(arn, session["account"], (arn, role)) if is_named else Person(role, session["account"], (role,))


def _is_named(role: str, named_session_roles: Iterable[str]) -> bool:
    """Whether the names of a role's sessions are proven; the role's ARN is given without a path."""
    is_sign_on = _SINGLE_SIGN_ON.fullmatch(role.rpartition("/")[2]) is not None
    return is_sign_on or any(fnmatchcase(without_path(one), role) for one in named_session_roles)


def matches(pattern: str, person: Person) -> bool:
    """Whether a person fits a pattern with `*`, going by what is proven alone.

    A role's path is not proven: sessions do not tell it, and names of roles are unique without it.
    """
    return any(fnmatchcase(name, without_path(pattern)) for name in person.names)


def may_be(pattern: str, person: Person) -> bool:
    """Whether a person may be one that a pattern means: where only a role is known, any of its sessions."""
    session = _SESSION_PATTERN.fullmatch(pattern)
    return matches(pattern, person) or bool(session and person.is_role and matches(_role_in(session), person))


def without_path(arn: str) -> str:
    """A role's ARN without its path; anything else, and a pattern, as it is."""
    role = _ROLE.fullmatch(arn)
    return f"arn:{role['partition']}:iam::{role['account']}:role/{role['role']}" if role else arn


def never_matches(pattern: str, named_session_roles: Iterable[str] = ()) -> str | None:
    """Say why a pattern that looks as if it meant somebody matches nobody; None when it may match."""
    session = _SESSION_PATTERN.fullmatch(pattern)
    if session and not _WILD.search(session["role"]) and not _is_named(_role_in(session), named_session_roles):
        return (
            f"{pattern} matches nobody: the names of {session['role']}'s sessions are chosen by the caller. Name the "
            f"role, such as arn:aws:iam::111111111111:role/{session['role']}, or fix the name in its trust policy."
        )
    if _WILD.search(pattern) and re.search(r":role/.*/", pattern):
        return f"{pattern} matches nobody: sessions do not tell a role's path. Leave the path out."
    return None


def meant_by(pattern: str, named_session_roles: Iterable[str] = ()) -> tuple[Person, ...] | None:
    """Tell the persons that a pattern means, at most one; None when it may mean any number of them.

    A role whose session names are proven is any number of persons, any other role is one.
    """
    if _WILD.search(pattern):
        return None
    role = _ROLE.fullmatch(pattern)
    arn = f"arn:{role['partition']}:sts::{role['account']}:assumed-role/{role['role']}/any" if role else pattern
    try:
        person = person_of(arn, named_session_roles)
    except RequestError:
        return ()
    if role and not person.is_role:
        return None
    return (person,) if matches(pattern, person) else ()


def _role_in(session: re.Match[str]) -> str:
    """The pattern of the role whose sessions a pattern means."""
    return f"{session['begin']}:iam:{session['middle']}:role/{session['role']}"
