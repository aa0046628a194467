"""The layers of dependencies that functions use: each must be made for what the function runs on."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from orchestrator.build.platforms.choice import NOTHING_KNOWN, Chosen, Known, cases
from orchestrator.build.platforms.functions import TemplateFunction, functions_of
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError
from orchestrator.releases.template_code import dependency_layers, layer_parameter

FunctionPlatforms = Mapping[str, Chosen[Platform]]
"""By function, what it runs on."""


def layers_used(function: TemplateFunction, own: Container[str], known: Known = NOTHING_KNOWN) -> Iterator[str]:
    """The layers of dependencies that a function may use.

    Args:
        function: the function.
        own: the layers of dependencies.
        known: what conditions are; of others, both values count.
    """
    return _referred(function.properties.get("Layers"), own, known)


def check_layer_use(document: Mapping[str, Any], platforms: FunctionPlatforms, main: Platform, file: str) -> None:
    """Check that functions use only layers that are made for what they run on.

    Args:
        document: the template.
        platforms: by function, what it runs on.
        main: the unit's main platform, whose layer `LayerKey` is.
        file: the template, for messages.

    Raises:
        ConfigurationError: a function uses another one; each is named, with the layer that it needs.
    """
    own = dependency_layers(dict(document))
    problems = [
        _problem(function.name, layer, platform, main)
        for function in functions_of(document)
        for known, platform in (cases(platforms[function.name]) if function.name in platforms else ())
        for layer in layers_used(function, own, known)
        if own[layer] != layer_parameter(platform, main)
    ]
    if problems:
        raise ConfigurationError(file, *dict.fromkeys(problems))


def _problem(function: str, layer: str, platform: Platform, main: Platform) -> str:
    parameter = layer_parameter(platform, main)
    return (
        f"Resources.{function} runs on {platform}, and the dependencies in its layer {layer} are for another platform. "
        f"Declare the parameter {parameter} (Type: String), give the function a layer of its own with that key in the "
        f"place of {layer}, or let it run on what {layer} is made for."
    )


def _referred(value: Any, names: Container[str], known: Known) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _referred(one, names, known)
    elif isinstance(value, dict):
        if isinstance(name := value.get("Ref"), str) and name in names:
            yield name
        for key, one in value.items():
            yield from _referred(_branch(one, known) if key == "Fn::If" else one, names, known)


def _branch(arguments: Any, known: Known) -> Any:
    """The value of an `Fn::If` whose condition is known; both values when it is not."""
    is_choice = isinstance(arguments, list) and len(arguments) == 3 and isinstance(arguments[0], str)  # noqa: PLR2004
    if not is_choice or arguments[0] not in known:
        return arguments
    return arguments[1] if known[arguments[0]] else arguments[2]
