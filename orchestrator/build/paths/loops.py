"""`Fn::ForEach` with local paths in it, written out as CloudFormation would: each of the paths is another one."""

import re
from collections.abc import Callable
from typing import Any

from orchestrator.build.paths.walk import LOOP, LOOP_LENGTH
from orchestrator.errors import ConfigurationError

_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
# Resources that loops may make: CloudFormation takes 500 in a template.
_MOST = 500


def write_out(document: dict[str, Any], is_wanted: Callable[[Any], bool], file: str) -> dict[str, Any]:
    """Write out the loops of resources that are wanted, where their collections are written in the template.

    Args:
        document: the template.
        is_wanted: whether the body of a loop has to be written out.
        file: the template's path, for messages.

    Raises:
        ConfigurationError: a loop makes a resource that is there already, or more than a template may have.
    """
    made: dict[str, Any] = {}
    section = document.get("Resources")
    for name, resource in section.items() if isinstance(section, dict) else ():
        values = _written_out(resource) if str(name).startswith(LOOP) and is_wanted(resource) else None
        for key, value in (values if values is not None else {name: resource}).items():
            if key in made or len(made) >= _MOST:
                raise ConfigurationError(file, _problem(key, is_double=key in made))
            made[key] = value
    return {**document, "Resources": made} if made else document


def _problem(key: str, *, is_double: bool) -> str:
    if is_double:
        return f"Resources.{key} is made twice: by a loop, and by another one or the template. Rename one of them."
    return f"Resources has more than {_MOST} resources, and CloudFormation takes no more. Split the unit."


def _written_out(loop: Any) -> dict[str, Any] | None:
    """What a loop makes; None when its collection is not written in the template, or it is not a loop."""
    if not isinstance(loop, list) or len(loop) != LOOP_LENGTH:
        return None
    variable, collection, body = loop
    if not isinstance(variable, str) or not isinstance(body, dict) or not isinstance(collection, list):
        return None
    if not all(isinstance(value, str | int) for value in collection) or len(collection) > _MOST:
        return None
    made: dict[str, Any] = {}
    for value in map(str, collection):
        for key, part in body.items():
            own = _with(str(key), variable, value)
            inner = _with(part, variable, value)
            nested = _written_out(inner) if own.startswith(LOOP) else {own: inner}
            if nested is None or made.keys() & nested.keys():
                return None
            made |= nested
            if len(made) > _MOST:
                return None
    return made


def _with(part: Any, variable: str, value: str) -> Any:
    """A part of a loop's body for one value: CloudFormation replaces `${Name}` and `&{Name}` in every text."""
    if isinstance(part, dict):
        if part == {"Ref": variable}:
            return value
        return {_with(str(key), variable, value): _with(one, variable, value) for key, one in part.items()}
    if isinstance(part, list):
        return [_with(one, variable, value) for one in part]
    if isinstance(part, str):
        plain = _NOT_ALPHANUMERIC.sub("", value)
        return part.replace(f"${{{variable}}}", value).replace(f"&{{{variable}}}", plain)
    return part
