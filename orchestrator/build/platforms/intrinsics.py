"""Computes what a property of a template is worth before it is deployed, out of a few intrinsic functions."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.build.platforms.choice import Choice, Chosen, then
from orchestrator.build.platforms.functions import is_intrinsic
from orchestrator.build.platforms.scope import Scope, UnknownValueError

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
# Each level can double the work, and YAML's anchors can repeat it for nothing.
_MOST_NESTED = 5
_LONGEST_TEXT = 256
# A mapping, and the two keys.
_KEYS = 3


def evaluate(value: Any, scope: Scope, depth: int = 0) -> Chosen[Any]:
    """Compute what a property is worth.

    Args:
        value: as the template writes it.
        scope: what is known of the template.
        depth: how many intrinsic functions it stands in.

    Returns:
        Text, a number or a list, as written; None for what is left out; a choice where a condition decides.

    Raises:
        UnknownValueError: only the deployed stack knows it.
    """
    if not is_intrinsic(value):
        return value
    if depth == _MOST_NESTED:
        raise UnknownValueError(f"more than {_MOST_NESTED} intrinsic functions stand in each other")
    name, argument = next(iter(value.items()))
    if name not in _FUNCTIONS:
        raise UnknownValueError(f"{name} is computed by the deployment")
    return _FUNCTIONS[name](argument, scope, depth + 1)


def variables_of(value: Any, depth: int = 0) -> Iterator[str]:
    """The names that a property refers to, of parameters and others, as deep as `evaluate` looks."""
    if isinstance(value, list | dict) and depth <= 2 * _MOST_NESTED:
        if isinstance(value, dict) and isinstance(name := value.get("Ref"), str):
            yield name
        for one in value.values() if isinstance(value, dict) else value:
            yield from variables_of(one, depth + 1)
    elif isinstance(value, str):
        yield from _VARIABLE.findall(value)


def _reference(name: Any, scope: Scope, _depth: int) -> Chosen[Any]:
    return None if name == "AWS::NoValue" else scope.parameter(str(name))


def _if(arguments: Any, scope: Scope, depth: int) -> Chosen[Any]:
    if not isinstance(arguments, list) or len(arguments) != 3 or not isinstance(arguments[0], str):  # noqa: PLR2004
        raise UnknownValueError("Fn::If takes a condition and two values")
    yes, no = (evaluate(branch, scope, depth) for branch in arguments[1:])
    chosen: Choice[Any] = Choice(arguments[0], yes, no)
    return then(chosen, lambda value: value)


def _mapped(arguments: Any, scope: Scope, depth: int) -> Chosen[Any]:
    if not isinstance(arguments, list) or len(arguments) < _KEYS:
        raise UnknownValueError("Fn::FindInMap takes a mapping and two keys")
    name, first, second = (evaluate(key, scope, depth) for key in arguments[:_KEYS])
    return then(
        name, lambda mapping: then(first, lambda key: then(second, lambda last: scope.mapped(mapping, key, last)))
    )


def _substituted(argument: Any, scope: Scope, _depth: int) -> Chosen[Any]:
    if not isinstance(argument, str) or len(argument) > _LONGEST_TEXT:
        raise UnknownValueError("Fn::Sub is computed only for a short text without variables of its own")
    return _VARIABLE.sub(lambda match: str(scope.parameter(match[1])), argument)


_Function = Callable[[Any, Scope, int], Chosen[Any]]
_FUNCTIONS: Mapping[str, _Function] = {
    "Ref": _reference,
    "Fn::If": _if,
    "Fn::FindInMap": _mapped,
    "Fn::Sub": _substituted,
}
