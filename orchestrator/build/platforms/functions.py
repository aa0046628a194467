"""The functions of a template with all of their properties: their own, and what SAM's `Globals` give them."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.frozen import dataclass
from orchestrator.releases.template_code import FUNCTIONS, SAM_FUNCTION, properties

_LOOP = "Fn::ForEach::"
_INTRINSICS = {"Ref", "Condition"}
# SAM replaces it, although it merges all other lists. Source: `samtranslator.plugins.globals.globals`.
_REPLACED = ("Architectures",)
# The loop's identifier, its collection, and the resources.
_LOOP_LENGTH = 3


@dataclass(frozen=True)
class TemplateFunction:
    """A function of a template.

    Attributes:
        name: its logical id; of one that a loop makes, as the loop writes it.
        type: of the resource.
        properties: all of them, as they are written.
    """

    name: str
    type: str
    properties: Mapping[str, Any]


def functions_of(document: Mapping[str, Any]) -> Iterator[TemplateFunction]:
    """All functions, in the template's order, with those that `Fn::ForEach` makes."""
    section = document.get("Globals")
    shared = section.get("Function") if isinstance(section, dict) else None
    for name, resource in _resources(document.get("Resources")):
        kind = resource.get("Type")
        if kind in FUNCTIONS:
            own = properties(resource)
            yield TemplateFunction(name, kind, with_globals(shared, own) if kind == SAM_FUNCTION else own)


def with_globals(shared: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a SAM function after SAM has merged `Globals` into them."""
    common = shared if isinstance(shared, dict) else {}
    replaced = {key: value for key, value in common.items() if key not in own or key not in _REPLACED}
    merged: dict[str, Any] = _merged(replaced, dict(own))
    return merged


def is_intrinsic(value: Any) -> bool:
    """Whether a value is an intrinsic function, which CloudFormation replaces."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    name = str(next(iter(value)))
    return name in _INTRINSICS or name.startswith("Fn::")


def _resources(section: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in section.items() if isinstance(section, dict) else ():
        if isinstance(resource, dict):
            yield str(name), resource
        elif str(name).startswith(_LOOP) and isinstance(resource, list) and len(resource) == _LOOP_LENGTH:
            yield from _resources(resource[-1])


def _merged(common: Any, own: Any) -> Any:
    if is_intrinsic(common) or is_intrinsic(own):
        return own
    if isinstance(common, dict) and isinstance(own, dict):
        return {
            key: _merged(common[key], own[key]) if key in common and key in own else own.get(key, common.get(key))
            for key in {**common, **own}
        }
    return [*common, *own] if isinstance(common, list) and isinstance(own, list) else own
