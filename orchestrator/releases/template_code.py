"""The objects of the release that a template's functions and layers are made of, in plain CloudFormation and in SAM."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.config.platform import Platform
from orchestrator.releases.path_properties import FUNCTIONS, LAYERS, SAM_FUNCTION, PathProperty

LAYER_KEY = "LayerKey"
"""The parameter with the key of the layer for the unit's main platform."""
_OF_A_PLATFORM = re.compile(rf"{LAYER_KEY}(Python3\d+(?:X86|Arm64))?")


def layer_parameter(platform: Platform, main: Platform) -> str:
    """The parameter with the key of a platform's layer.

    Args:
        platform: one of the unit's.
        main: the unit's main one.
    """
    return LAYER_KEY if platform == main else f"{LAYER_KEY}{platform.label}"


def is_layer_parameter(name: str) -> bool:
    """Whether a parameter is the key of a platform's layer by its name."""
    return _OF_A_PLATFORM.fullmatch(name) is not None


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


def dependency_layers(template: Mapping[str, Any]) -> dict[str, str]:
    """The layers that are the unit's dependencies: by logical name, the parameter with the key of the object."""
    parameters = {name: parameter for name, key in _keys(template, LAYERS) if (parameter := _reference(key))}
    return {name: parameter for name, parameter in parameters.items() if is_layer_parameter(parameter)}


def literal_layers(template: Mapping[str, Any]) -> dict[str, str]:
    """The layers whose content is an object that the template names by its key."""
    return {name: key for name, key in _keys(template, LAYERS) if isinstance(key, str)}


def _reference(value: Any) -> str:
    """The name that a value refers to; empty when it is something else."""
    return str(value["Ref"]) if isinstance(value, dict) and value.keys() == {"Ref"} else ""


def _keys(template: Mapping[str, Any], types: Mapping[str, PathProperty]) -> Iterator[tuple[str, Any]]:
    for name, resource in template.get("Resources", {}).items():
        place = types.get(str(resource.get("Type"))) if isinstance(resource, dict) else None
        code = property_of(template, resource, place.name) if place else None
        if place and place.keys and isinstance(code, dict):
            yield name, code.get(place.keys.key)
