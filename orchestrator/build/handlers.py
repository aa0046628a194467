"""The Lambda functions of a template that run Python code of the release: the unit's wheel, or an archive."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.build.paths.walk import resources
from orchestrator.config.organization import Lambda
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import FUNCTIONS, LAYERS, PathProperty
from orchestrator.releases.template_code import dependency_layers

_FUNCTION, _SERVERLESS = "AWS::Lambda::Function", "AWS::Serverless::Function"
_WHEEL, _LAYER = {"Ref": "SourceKey"}, {"Ref": "LayerKey"}
# Source: Lambda's quotas.
MOST_LAYERS = 5


@dataclass(frozen=True)
class Function:
    """A function in Python.

    Attributes:
        resource: its logical id.
        handler: such as `orders.handler.handle`.
        variables: its environment variables, those whose values the template spells out.
        code: the archive that it runs; None for the wheel.
        layers: the archives of layers that the template makes, besides the unit's dependencies.
        sees_all: whether the release holds all of its layers: what is in others is not known here.
    """

    resource: str
    handler: str
    variables: Mapping[str, str]
    code: Path | None = None
    layers: tuple[Path, ...] = ()
    sees_all: bool = True

    @property
    def module(self) -> str:
        """The module that Lambda imports; it takes `/` for `.` there."""
        return self.handler.rpartition(".")[0].replace("/", ".")

    @property
    def name(self) -> str:
        """The function's name within the module."""
        return self.handler.rpartition(".")[2]


def python_functions(
    template: Mapping[str, Any], archives: Mapping[str, Path], files: Mapping[str, Path]
) -> list[Function]:
    """The functions that run the wheel or an archive of Python code, and say by what handler.

    One whose handler is a parameter cannot be looked into.

    Args:
        template: a finished one.
        archives: by key, the archives of Python code.
        files: by key, all objects that templates refer to.
    """
    layers = {one.name: _key(LAYERS[one.type], one.properties) for one in resources(template) if one.type in LAYERS}
    return [
        Function(
            resource,
            properties["Handler"],
            _variables(properties),
            None if key == _WHEEL else archives[key],
            *_layers_of(properties, layers, files),
        )
        for resource, kind, properties in _functions(template)
        if isinstance(properties.get("Handler"), str)
        and ((key := _key(FUNCTIONS[kind], properties)) == _WHEEL or (isinstance(key, str) and key in archives))
    ]


def wheel_functions(template: Mapping[str, Any]) -> list[Function]:
    """The functions that run the wheel."""
    return python_functions(template, {}, {})


def _layers_of(
    properties: Mapping[str, Any], layers: Mapping[str, Any], files: Mapping[str, Path]
) -> tuple[tuple[Path, ...], bool]:
    """The archives of a function's layers, and whether these and the unit's dependencies are all that it has."""
    named = properties.get("Layers", [])
    if not isinstance(named, list):
        return (), False
    keys = [layers.get(str(one.get("Ref"))) if isinstance(one, dict) and len(one) == 1 else None for one in named]
    known = [key for key in keys if isinstance(key, str) and key in files]
    return tuple(files[key] for key in known), len(known) + keys.count(_LAYER) == len(named)


def check_layers(template: Mapping[str, Any], file: str) -> None:
    """Check that no function has more layers than Lambda allows.

    Raises:
        ConfigurationError: functions have; each is named.
    """
    problems = [
        f"Resources.{resource}.Properties.Layers has {len(layers)} layers, and Lambda allows {MOST_LAYERS} for a "
        "function: put dependencies into project.dependencies, which make up one layer."
        for resource, _, properties in _functions(template)
        if isinstance(layers := properties.get("Layers"), list) and len(layers) > MOST_LAYERS
    ]
    if problems:
        raise ConfigurationError(file, *problems)


def check_platform(template: Mapping[str, Any], platform: Lambda, file: str) -> None:
    """Check that functions with the wheel and the unit's layer run on what the layer is made for.

    Raises:
        ConfigurationError: functions do not; each is named.
    """
    own = dependency_layers(dict(template))
    problems = [
        problem
        for resource, kind, properties in _functions(template)
        if _runs_wheel(kind, properties) and _refers(properties.get("Layers"), own)
        for problem in misfits(resource, properties.get("Runtime"), properties.get("Architectures"), platform)
    ]
    if problems:
        raise ConfigurationError(file, *problems)


def misfits(resource: str, runtime: Any, architectures: Any, platform: Lambda) -> Iterator[str]:
    """Why a function, by its properties as they are written, does not run on what a release is made for."""
    if isinstance(runtime, str) and runtime != platform.runtime:
        yield (
            f"Resources.{resource}.Properties.Runtime = {runtime!r}: the unit's wheel and layer are made for "
            f"{platform.runtime} (lambda.python of orchestrator.toml). Write Runtime: !Ref Runtime and declare that "
            "parameter, or change one of the two."
        )
    processors = architectures or ["x86_64"]
    if isinstance(processors, list) and processors != [platform.architecture]:
        yield (
            f"Resources.{resource}.Properties.Architectures = {processors!r}: the layer is made for "
            f"{platform.architecture} (lambda.architecture of orchestrator.toml). Write [{platform.architecture}]."
        )


def _refers(value: Any, names: Sequence[str]) -> bool:
    if isinstance(value, dict):
        return value.get("Ref") in names or any(_refers(one, names) for one in value.values())
    return isinstance(value, list) and any(_refers(one, names) for one in value)


def _functions(template: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """All functions, those of SAM with what `Globals` adds: lists and mappings are merged, all else is replaced."""
    common = _mapping(_mapping(template.get("Globals")).get("Function"))
    for one in resources(template):
        if one.type == _FUNCTION:
            yield one.name, one.type, one.properties
        elif one.type == _SERVERLESS:
            yield one.name, one.type, _merged(common, one.properties)


def _merged(common: Any, own: Any) -> Any:
    if isinstance(common, dict) and isinstance(own, dict):
        return {key: _merged(common.get(key), own.get(key)) for key in {**common, **own}}
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    return common if own is None else own


def _runs_wheel(kind: str, properties: Mapping[str, Any]) -> bool:
    return bool(_key(FUNCTIONS[kind], properties) == _WHEEL)


def _key(place: PathProperty, properties: Mapping[str, Any]) -> Any:
    """The key of the object that a function or a layer is made of, or what gives it."""
    return _mapping(properties.get(place.name)).get(place.keys.key) if place.keys else None


def _variables(properties: Mapping[str, Any]) -> dict[str, str]:
    variables = _mapping(_mapping(properties.get("Environment")).get("Variables"))
    return {name: value for name, value in variables.items() if isinstance(value, str)}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
