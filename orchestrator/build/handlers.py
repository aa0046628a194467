"""The Lambda functions of a template that run Python code of the release: the unit's wheel, or an archive."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.build.paths.walk import resources
from orchestrator.build.platforms.functions import functions_of
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import FUNCTIONS, LAYERS, PathProperty
from orchestrator.releases.template_code import is_layer_parameter

_WHEEL = {"Ref": "SourceKey"}
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
            one.name,
            one.properties["Handler"],
            _variables(one.properties),
            None if key == _WHEEL else archives[key],
            *_layers_of(one.properties, layers, files),
        )
        for one in functions_of(template)
        if isinstance(one.properties.get("Handler"), str)
        and ((key := _key(FUNCTIONS[one.type], one.properties)) == _WHEEL or (isinstance(key, str) and key in archives))
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
    dependencies = [key for key in keys if isinstance(key, dict) and is_layer_parameter(str(key.get("Ref")))]
    return tuple(files[key] for key in known), len(known) + len(dependencies) == len(named)


def check_layers(template: Mapping[str, Any], file: str) -> None:
    """Check that no function has more layers than Lambda allows.

    Raises:
        ConfigurationError: functions have; each is named.
    """
    problems = [
        f"Resources.{one.name}.Properties.Layers has {len(layers)} layers, and Lambda allows {MOST_LAYERS} for a "
        "function: put dependencies into project.dependencies, which make up one layer."
        for one in functions_of(template)
        if isinstance(layers := one.properties.get("Layers"), list) and len(layers) > MOST_LAYERS
    ]
    if problems:
        raise ConfigurationError(file, *problems)


def _key(place: PathProperty, properties: Mapping[str, Any]) -> Any:
    """The key of the object that a function or a layer is made of, or what gives it."""
    return _mapping(properties.get(place.name)).get(place.keys.key) if place.keys else None


def _variables(properties: Mapping[str, Any]) -> dict[str, str]:
    variables = _mapping(_mapping(properties.get("Environment")).get("Variables"))
    return {name: value for name, value in variables.items() if isinstance(value, str)}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
