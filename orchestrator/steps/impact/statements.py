"""Statements of policies in one line each: who may do what, and whether that is more than named things."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from orchestrator.steps.impact.shown import shown

_KEYS = {"Sid", "Effect", "Condition"}
# Each with what it is called where it names all others.
_PARTS = {"Action": "NotAction", "Resource": "NotResource", "Principal": "NotPrincipal"}
_IF, _NO_VALUE = "Fn::If", {"Ref": "AWS::NoValue"}
_BRANCHES = 3


class Statement(NamedTuple):
    """One statement.

    Attributes:
        text: in one line.
        is_wide: whether it allows with wildcards, or all but what it names.
        is_understood: whether its text tells all of it.
    """

    text: str
    is_wide: bool = False
    is_understood: bool = True


def statements(value: Any, condition: str = "") -> Iterator[Statement]:
    """The statements that a policy's `Statement` holds, also those that depend on a condition of the template.

    Args:
        value: what stands there, which may be anything.
        condition: on what it depends.
    """
    waiting = [(value, condition)]
    while waiting:
        one, when = waiting.pop()
        if isinstance(one, list):
            waiting += [(each, when) for each in reversed(one)]
        elif isinstance(one, dict) and one.keys() == {_IF}:
            branches = one[_IF]
            if isinstance(branches, list) and len(branches) == _BRANCHES and isinstance(branches[0], str):
                named = shown(branches[0])
                waiting += [(branches[2], f"{when}unless {named}: "), (branches[1], f"{when}if {named}: ")]
            else:
                yield _not_understood(one, when)
        elif one != _NO_VALUE:
            yield _statement(one, when)


def _statement(value: Any, when: str) -> Statement:
    known = {*_KEYS, *_PARTS, *_PARTS.values()}
    if not isinstance(value, dict) or not value.keys() <= known or value.get("Effect") not in ("Allow", "Deny"):
        return _not_understood(value, when)
    if not value.keys() & {"Action", "NotAction"}:
        return _not_understood(value, when)
    actions, resources, principals = (_part(value, *names) for names in _PARTS.items())
    text = f"{value['Effect']} {actions}"
    text += f" on {resources}" if resources else ""
    text += f" to {principals}" if principals else ""
    text += f" if {shown(value['Condition'])}" if "Condition" in value else ""
    return Statement(when + text, value["Effect"] == "Allow" and _is_wide(value))


def _not_understood(value: Any, when: str) -> Statement:
    return Statement(f"{when}{shown(value)}", is_understood=False)


def _part(statement: Mapping[str, Any], name: str, inverse: str) -> str:
    """What a statement says of actions, resources or principals."""
    named = _listed(statement[name]) if name in statement else ""
    others = f"everything but {_listed(statement[inverse])}" if inverse in statement else ""
    return " and ".join(filter(None, [named, others]))


def _listed(value: Any) -> str:
    return ", ".join(map(shown, value)) if isinstance(value, list) else shown(value)


def _is_wide(statement: Mapping[str, Any]) -> bool:
    if statement.keys() & set(_PARTS.values()):
        return True
    actions = statement.get("Action")
    return (
        any("*" in shown(one) for one in (actions if isinstance(actions, list) else [actions]))
        or any(text.strip() == "*" for text in _texts(statement.get("Resource")))
        or any(text.strip() == "*" for text in _texts(statement.get("Principal")))
    )


def _texts(value: Any) -> Iterator[str]:
    """All texts within a value, however deep: of intrinsic functions as well."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
