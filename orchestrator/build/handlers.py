"""The Lambda functions of a template that run the unit's wheel."""

from collections.abc import Mapping
from typing import Any

from orchestrator.build.platforms.functions import TemplateFunction, functions_of
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.template_code import FUNCTIONS

_WHEEL = {"Ref": "SourceKey"}
# Source: Lambda's quotas.
MOST_LAYERS = 5


@dataclass(frozen=True)
class Function:
    """A function whose code is the wheel.

    Attributes:
        resource: its logical id.
        handler: such as `orders.handler.handle`.
        variables: its environment variables, those whose values the template spells out.
    """

    resource: str
    handler: str
    variables: Mapping[str, str]

    @property
    def module(self) -> str:
        """The module that Lambda imports; it takes `/` for `.` there."""
        return self.handler.rpartition(".")[0].replace("/", ".")

    @property
    def name(self) -> str:
        """The function's name within the module."""
        return self.handler.rpartition(".")[2]


def wheel_functions(template: Mapping[str, Any]) -> list[Function]:
    """The functions that run the wheel, and say by what; one whose handler is a parameter cannot be looked into."""
    return [
        Function(one.name, one.properties["Handler"], _variables(one.properties))
        for one in functions_of(template)
        if _runs_wheel(one) and isinstance(one.properties.get("Handler"), str)
    ]


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


def _runs_wheel(function: TemplateFunction) -> bool:
    place = FUNCTIONS[function.type]
    return bool(_mapping(function.properties.get(place.property)).get(place.key) == _WHEEL)


def _variables(properties: Mapping[str, Any]) -> dict[str, str]:
    variables = _mapping(_mapping(properties.get("Environment")).get("Variables"))
    return {name: value for name, value in variables.items() if isinstance(value, str)}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
