"""The environment that an event names, as the guardrails describe it: nothing that decides is taken from an event."""

from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo

from orchestrator.config.environment import Environment
from orchestrator.guardrails.document import Guardrails

_KEY = "guardrails"


def context_of(guardrails: Guardrails | None) -> dict[str, Any]:
    """The context that models with a `NamedEnvironment` are validated with."""
    return {_KEY: guardrails}


def recorded(info: ValidationInfo) -> Guardrails | None:
    """The guardrails that a model is validated with."""
    found: Guardrails | None = (info.context or {}).get(_KEY)
    return found


def _look_up(value: Any, info: ValidationInfo) -> Environment:
    """Find an environment by its name.

    Raises:
        UnknownNameError: the guardrails hold none of that name.
    """
    if isinstance(value, Environment):
        return value
    guardrails = recorded(info)
    if not isinstance(value, str) or guardrails is None:
        raise ValueError("an environment is given by its name, and looked up in the guardrails")  # Pydantic's.
    return guardrails.organization.tagged_environment(value)


NamedEnvironment = Annotated[
    Environment, BeforeValidator(_look_up), PlainSerializer(lambda environment: environment.name, return_type=str)
]
"""An environment that is written as its name, and is read out of the guardrails."""
