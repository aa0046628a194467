"""The functions of a template with all of their properties: their own, and what SAM's `Globals` give them."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.build.paths.walk import resources
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import FUNCTIONS, SAM_FUNCTION
from orchestrator.releases.template_code import properties

_INTRINSICS = {"Ref", "Condition"}
# SAM replaces it, although it merges all other lists. Source: `samtranslator.plugins.globals.globals`.
_REPLACED = ("Architectures",)


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
    for one in resources(document):
        if one.type in FUNCTIONS:
            own = properties(one.body)
            yield TemplateFunction(one.name, one.type, with_globals(shared, own) if one.type == SAM_FUNCTION else own)


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


def _merged(common: Any, own: Any) -> Any:
    if is_intrinsic(common) or is_intrinsic(own):
        return own
    if isinstance(common, dict) and isinstance(own, dict):
        return {
            key: _merged(common[key], own[key]) if key in common and key in own else own.get(key, common.get(key))
            for key in {**common, **own}
        }
    return [*common, *own] if isinstance(common, list) and isinstance(own, list) else own
