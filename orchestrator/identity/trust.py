"""A role's trust policy: whether it fixes the name of each session, so that the name tells who assumed the role."""

import re
from collections.abc import Mapping
from typing import Any

_VERSION = "2012-10-17"
_OWN_NAME = "${aws:username}"
_ASSUME = "sts:assumerole"
_HARMLESS = {"sts:tagsession", "sts:setsourceidentity"}
_ACCOUNT = re.compile(r"(?:arn:aws(?:-[a-z]+)*:iam::)?([0-9]{12})(?::.*)?")
_USER = re.compile(r"arn:aws(?:-[a-z]+)*:iam::[0-9]{12}:user/[A-Za-z0-9+=,.@_/-]+")
_SESSION_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{2,64}")


def fixes_session_name(trust: Mapping[str, Any]) -> bool:
    """Whether nobody whom a trust policy lets in can choose the session's name.

    That is so where every statement asks for `sts:RoleSessionName` to equal `${aws:username}`, for users of one
    account; or where each statement names IAM users, and gives each user one name. Anything that is not understood does
    not fix the name.

    Args:
        trust: the role's AssumeRolePolicyDocument, parsed.
    """
    statements = _list(trust.get("Statement"))
    if trust.get("Version") != _VERSION or not all(isinstance(one, Mapping) for one in statements):
        return False
    admitting = [one for one in statements if one.get("Effect") != "Deny" and _admits(one)]
    fixed = [_fixed(one) for one in admitting]
    if not fixed or None in fixed:
        return False
    rules = [rule for one in fixed if one for rule in one]
    if all(name == _OWN_NAME for _, name in rules):
        return len({_account_of(principal) for principal, _ in rules}) == 1
    names: dict[str, str] = {}
    return all(
        _USER.fullmatch(principal) and _SESSION_NAME.fullmatch(name) and names.setdefault(principal, name) == name
        for principal, name in rules
    )


def _admits(statement: Mapping[str, Any]) -> bool:
    """Whether a statement may let somebody in; only what certainly does not is left out."""
    actions = [str(one).lower() for one in _list(statement.get("Action"))]
    return statement.get("Effect") != "Allow" or "NotAction" in statement or not set(actions) <= _HARMLESS


def _fixed(statement: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """By principal, the name that its sessions must have; None when a statement is not understood."""
    known = {"Sid", "Effect", "Principal", "Action", "Condition"}
    actions = {str(one).lower() for one in _list(statement.get("Action"))}
    principal, condition = statement.get("Principal"), statement.get("Condition")
    is_understood = (
        statement.keys() <= known
        and statement.get("Effect") == "Allow"
        and actions <= {_ASSUME, *_HARMLESS}
        and isinstance(principal, Mapping)
        and principal.keys() == {"AWS"}
        and isinstance(condition, Mapping)
    )
    if not is_understood or not isinstance(principal, Mapping) or not isinstance(condition, Mapping):
        return None
    names = [
        value
        for key, values in _mapping(condition.get("StringEquals")).items()
        if key.lower() == "sts:rolesessionname"
        for value in _list(values)
    ]
    principals = [str(one) for one in _list(principal["AWS"])]
    if len(names) != 1 or not principals or not all(map(_account_of, principals)):
        return None
    return [(one, str(names[0])) for one in principals]


def _account_of(principal: str) -> str | None:
    found = _ACCOUNT.fullmatch(principal)
    return found[1] if found else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
