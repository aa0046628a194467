"""Draws a definition as a Mermaid flowchart."""

from collections.abc import Iterator
from typing import Any

_SHAPES = {
    "Task": ("[", "]"),
    "Choice": ("{", "}"),
    "Wait": ("([", "])"),
    "Succeed": ("((", "))"),
    "Fail": ("[[", "]]"),
}


def mermaid(definition: dict[str, Any]) -> str:
    """The states and the ways between them, in the order of the definition."""
    states: dict[str, Any] = definition["States"]
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    nodes = [f"    {ids[name]}{_node(name, state['Type'])}" for name, state in states.items()]
    edges = [
        f"    {ids[name]} -->{f'|{label}|' if label else ''} {ids[to]}"
        for name, state in states.items()
        for label, to in _ways(state)
    ]
    start = [f"    start(( )) --> {ids[definition['StartAt']]}"]
    return "\n".join(["flowchart TD", *nodes, *start, *edges]) + "\n"


def _node(name: str, kind: str) -> str:
    opening, closing = _SHAPES[kind]
    return f'{opening}"{name}"{closing}'


def _ways(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "Next" in state:
        yield "", state["Next"]
    for rule in state.get("Choices", []):
        yield _label(rule), rule["Next"]
    if "Default" in state:
        yield "otherwise", state["Default"]
    for catcher in state.get("Catch", []):
        yield "timed out", catcher["Next"]


def _label(rule: dict[str, Any]) -> str:
    if "And" in rule:
        return " and ".join(_label(one) for one in rule["And"])
    if "Or" in rule:
        return " or ".join(_label(one) for one in rule["Or"])
    if "IsNull" in rule:
        return f"no {rule['Variable'].removeprefix('$.')}"
    if "IsPresent" in rule:
        return f"has {rule['Variable'].removeprefix('$.')}"
    if "BooleanEquals" in rule:
        return str(rule["Variable"].rsplit(".", 1)[-1].replace("_", " "))
    return str(rule["StringEquals"])
