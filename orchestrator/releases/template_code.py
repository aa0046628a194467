"""The objects of the release that a template's functions and layers are made of, in plain CloudFormation and in SAM."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.releases.path_properties import FUNCTIONS, LAYERS, SAM_FUNCTION, PathProperty


def properties(resource: Any) -> dict[str, Any]:
    """The properties of a resource, empty when it has none."""
    found = resource.get("Properties") if isinstance(resource, dict) else None
    return found if isinstance(found, dict) else {}


def of_globals(template: Mapping[str, Any], name: str) -> Any:
    """A property that SAM's `Globals` give to every function, None when there is none."""
    section = template.get("Globals")
    functions = section.get("Function") if isinstance(section, dict) else None
    return functions.get(name) if isinstance(functions, dict) else None


def property_of(template: Mapping[str, Any], resource: Any, name: str) -> Any:
    """A property of a function: its own, else for a SAM function that of `Globals`."""
    own = properties(resource).get(name)
    is_sam = isinstance(resource, dict) and resource.get("Type") == SAM_FUNCTION
    return of_globals(template, name) if own is None and is_sam else own


def wheel_functions(template: Mapping[str, Any]) -> list[str]:
    """The functions whose code is the unit's own wheel, by their logical names."""
    return [name for name, key in _keys(template, FUNCTIONS) if key == {"Ref": "SourceKey"}]


def literal_code(template: Mapping[str, Any]) -> dict[str, str]:
    """The functions whose code is an object that the template names by its key."""
    return {name: key for name, key in _keys(template, FUNCTIONS) if isinstance(key, str)}


def dependency_layers(template: Mapping[str, Any]) -> list[str]:
    """The layers that are the unit's dependencies, by their logical names."""
    return [name for name, key in _keys(template, LAYERS) if key == {"Ref": "LayerKey"}]


def literal_layers(template: Mapping[str, Any]) -> dict[str, str]:
    """The layers whose content is an object that the template names by its key."""
    return {name: key for name, key in _keys(template, LAYERS) if isinstance(key, str)}


def _keys(template: Mapping[str, Any], types: Mapping[str, PathProperty]) -> Iterator[tuple[str, Any]]:
    for name, resource in template.get("Resources", {}).items():
        place = types.get(str(resource.get("Type"))) if isinstance(resource, dict) else None
        code = property_of(template, resource, place.name) if place else None
        if place and place.keys and isinstance(code, dict):
            yield name, code.get(place.keys.key)
