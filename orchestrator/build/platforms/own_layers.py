"""Gives functions the layer with the unit's dependencies for what they run on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.build.paths.walk import resources, unshared
from orchestrator.build.platforms.choice import Choice, Chosen, then, values
from orchestrator.build.platforms.functions import TemplateFunction, functions_of
from orchestrator.build.platforms.layer_use import FunctionPlatforms, layers_used
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import LAYERS
from orchestrator.releases.template_code import dependency_layers, layer_parameter

ADDED_LAYER = "OrchestratorDependencies"
"""The logical id of the layer for the main platform; those of others end with the platform."""
_LAYER, _STACK = "AWS::Lambda::LayerVersion", "AWS::StackName"
_BUCKET = "ArtifactsBucket"


@dataclass(frozen=True)
class OwnLayers:
    """The layers of one unit.

    Attributes:
        main: the unit's main platform.
        platforms: those that the unit has dependencies on, and so a layer.
    """

    main: Platform
    platforms: frozenset[Platform]

    def __call__(self, document: dict[str, Any], functions: FunctionPlatforms, file: str) -> dict[str, Any]:
        """Give functions the layer for their platform: the one that the template declares, else a new one.

        A function that names a layer of dependencies is left as it is.

        Args:
            document: the template.
            functions: those that need a layer, and what they run on.
            file: the template, for messages.

        Returns:
            The template, with changed parts in the place of some.

        Raises:
            ConfigurationError: a layer cannot be added to a function, or another resource has the layer's name.
        """
        lacking = list(self._lacking(document, functions))
        names = self._names(document, [functions[one.name] for one in lacking])
        added = {one: name for one, name in names.items() if name not in dependency_layers(document)}
        problems = [*_unfit(lacking), *_taken(document, added.values())]
        if problems:
            raise ConfigurationError(file, *problems)
        if not lacking:
            return document
        changed = unshared(document)
        references = {one.name: _reference(functions[one.name], names) for one in lacking}
        # SAM puts the layers of `Globals` before a function's own.
        for resource in resources(changed):
            if resource.name in references:
                resource.properties["Layers"] = [*resource.properties.get("Layers", []), references[resource.name]]
        layers = {name: self._layer(platform) for platform, name in added.items()}
        wanted = [_BUCKET, *(layer_parameter(one, self.main) for one in added)] if added else []
        return {**_declaring(changed, wanted), "Resources": {**changed["Resources"], **layers}}

    def _lacking(self, document: dict[str, Any], functions: FunctionPlatforms) -> Iterator[TemplateFunction]:
        own = dependency_layers(document)
        for function in functions_of(document):
            chosen = functions.get(function.name)
            needs_one = chosen is not None and not self.platforms.isdisjoint(values(chosen))
            if needs_one and not any(layers_used(function, own)):
                yield function

    def _names(self, document: dict[str, Any], chosen: Iterable[Chosen[Platform]]) -> dict[Platform, str]:
        """The layers of the platforms that are chosen, by logical id; the first one where the template has several."""
        declared = {parameter: name for name, parameter in reversed(dependency_layers(document).items())}
        wanted = {platform for one in chosen for platform in values(one)} & self.platforms
        return {
            platform: declared.get(layer_parameter(platform, self.main)) or self._added_name(platform)
            for platform in sorted(wanted, key=lambda platform: (platform != self.main, platform.label))
        }

    def _added_name(self, platform: Platform) -> str:
        return ADDED_LAYER if platform == self.main else f"{ADDED_LAYER}{platform.label}"

    def _layer(self, platform: Platform) -> dict[str, Any]:
        return {
            "Type": _LAYER,
            "Properties": {
                # CloudFormation would choose a name without the stack's, and deployments are limited to such names.
                "LayerName": {"Ref": _STACK} if platform == self.main else {"Fn::Sub": _name_of_further(platform)},
                "CompatibleRuntimes": [platform.runtime],
                "Content": LAYERS[_LAYER].of({"Ref": layer_parameter(platform, self.main)}),
            },
        }


def _declaring(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A template with some more parameters, unless it declares them itself."""
    declared = document.get("Parameters", {})
    missing = {name: {"Type": "String"} for name in names if name not in declared}
    return {**document, "Parameters": {**declared, **missing}} if missing else document


def _name_of_further(platform: Platform) -> str:
    """The name of a layer; it has room for a stack's longest name."""
    short = "arm64" if platform.architecture == "arm64" else "x86"
    return f"${{{_STACK}}}-py{platform.python.replace('.', '')}-{short}"


def _unfit(functions: Iterable[TemplateFunction]) -> Iterator[str]:
    for function in functions:
        if not isinstance(function.properties.get("Layers", []), list):
            yield (
                f"Resources.{function.name}.Properties.Layers must be a list, so that the unit's own layer can be "
                "added to it."
            )


def _taken(document: dict[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in document["Resources"]:
            yield f"Resources.{name}: this name is what the unit's own layer gets. Choose another one."


def _reference(chosen: Chosen[Platform], names: Mapping[Platform, str]) -> Any:
    """What a function writes to name the layer for its platform."""

    def written(name: Chosen[str]) -> Any:
        if isinstance(name, Choice):
            return {"Fn::If": [name.condition, written(name.yes), written(name.no)]}
        return {"Ref": name or "AWS::NoValue"}

    return written(then(chosen, lambda platform: names.get(platform, "")))
