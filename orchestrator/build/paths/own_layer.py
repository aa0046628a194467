"""Gives functions the layer with the unit's dependencies: the one that their template has, else a new one."""

from collections.abc import Iterable
from typing import Any

from orchestrator.build.paths.walk import Resource, resources
from orchestrator.config.organization import Lambda
from orchestrator.errors import ConfigurationError
from orchestrator.releases.path_properties import BUCKET, LAYERS, SAM_FUNCTION

ADDED_LAYER = "OrchestratorDependencies"
_KEY = "LayerKey"
_LAYER = "AWS::Lambda::LayerVersion"


def add_layer(document: dict[str, Any], functions: Iterable[Resource], platform: Lambda, file: str) -> set[str]:
    """Give functions the layer; returns the parameters that it is named by.

    Args:
        document: their template.
        functions: those that import the unit's dependencies.
        platform: what the layer is for.
        file: the template's path, for messages.

    Raises:
        ConfigurationError: a function's `Layers` are not a list, or the layer's name is taken.
    """
    waiting = list({id(one.body): one for one in functions}.values())
    problems = [
        f"{one.place}.Properties.Layers must be a list, so that the unit's own layer can be added to it."
        for one in waiting
        if not isinstance(one.properties.get("Layers", []), list)
    ]
    own = [one.name for one in resources(document) if _is_own(one)]
    if not own and ADDED_LAYER in document["Resources"]:
        problems.append(f"Resources.{ADDED_LAYER}: this name is what the unit's own layer gets. Choose another one.")
    if problems:
        raise ConfigurationError(file, *problems)
    if not own:
        document["Resources"][ADDED_LAYER] = _layer(platform)
    reference = {"Ref": own[0] if own else ADDED_LAYER}
    shared = _shared(document)
    for one in waiting:
        layers = one.properties.get("Layers", [])
        # SAM puts the layers of Globals before a function's own.
        if reference not in layers and not (one.type == SAM_FUNCTION and reference in shared):
            one.properties["Layers"] = [*layers, reference]
    return {BUCKET, _KEY}


def _is_own(resource: Resource) -> bool:
    place = LAYERS.get(resource.type)
    content = resource.properties.get(place.name) if place else None
    return bool(place and place.keys and isinstance(content, dict) and content.get(place.keys.key) == {"Ref": _KEY})


def _layer(platform: Lambda) -> dict[str, Any]:
    return {
        "Type": _LAYER,
        "Properties": {
            # CloudFormation would choose a name without the stack's, and deployments are limited to such names.
            "LayerName": {"Ref": "AWS::StackName"},
            "CompatibleRuntimes": [platform.runtime],
            "Content": LAYERS[_LAYER].of({"Ref": _KEY}),
        },
    }


def _shared(document: dict[str, Any]) -> list[Any]:
    section = document.get("Globals")
    functions = section.get("Function") if isinstance(section, dict) else None
    layers = functions.get("Layers") if isinstance(functions, dict) else None
    return layers if isinstance(layers, list) else []
