"""Code that functions do not name themselves: SAM's `Globals` name it, or it is the template's folder."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.build.paths.walk import TRANSFORM, Resource, branches, resources
from orchestrator.releases.path_properties import FUNCTIONS, PATH_PROPERTIES, PathProperty

HERE = "."
_SAM = "AWS::Serverless::"
_PACKAGE, _IMAGE = "PackageType", "Image"
_OF_SAM = [one for one in PATH_PROPERTIES if one.is_of_sam and len(one.path) == 1]


def spread_globals(document: dict[str, Any], is_local: Callable[[Any, PathProperty], bool]) -> None:
    """Give every resource the local path that `Globals` have for it: SAM would merge it as it is written there."""
    section = document.get("Globals")
    for wanted in _OF_SAM if isinstance(section, dict) else ():
        shared = section.get(wanted.type.removeprefix(_SAM)) if isinstance(section, dict) else None
        if not isinstance(shared, dict) or not any(is_local(one, wanted) for one in branches(shared.get(wanted.name))):
            continue
        value = shared.pop(wanted.name)
        for resource in resources(document):
            if resource.type == wanted.type and not _has(resource, wanted):
                resource.properties[wanted.name] = copy.deepcopy(value)


def name_missing_code(document: dict[str, Any]) -> None:
    """Let functions without code name the template's folder, as the AWS CLI and the SAM CLI take it."""
    shared = document.get("Globals")
    common: Mapping[str, Any] = shared.get("Function", {}) if isinstance(shared, dict) else {}
    for resource in resources(document):
        wanted = FUNCTIONS.get(resource.type)
        by_globals = wanted and wanted.is_of_sam and isinstance(common, dict) and common.get(wanted.name)
        # What a transform adds may be the code.
        if wanted and not by_globals and not _has(resource, wanted) and TRANSFORM not in resource.properties:
            resource.properties[wanted.name] = HERE


def is_image(resource: Resource) -> bool:
    """Whether a function is a container image."""
    code = resource.properties.get("Code")
    return (
        resource.properties.get(_PACKAGE) == _IMAGE
        or "ImageUri" in resource.properties
        or (isinstance(code, dict) and "ImageUri" in code)
    )


def _has(resource: Resource, wanted: PathProperty) -> bool:
    names = (wanted.name, *wanted.instead)
    found = any(resource.properties.get(name) not in (None, "") for name in names)
    return found or (resource.type in FUNCTIONS and is_image(resource))
