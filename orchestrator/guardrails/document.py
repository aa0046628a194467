"""One version of the guardrails: the guarded keys of `orchestrator.toml`, who recorded them, and what changed."""

from datetime import datetime
from typing import Any

from pydantic import Field

from orchestrator.config.authority import Authority, authority_of, table_of_field
from orchestrator.config.base import Settings
from orchestrator.config.organization import Organization


class Guardrails(Settings):
    """One recorded version."""

    version: int = Field(ge=1, description="Versions count up from one.")
    organization: Organization = Field(description="Keys that the repository decides on have their defaults.")
    named_session_roles: tuple[str, ...] = Field(
        default=(), description="ARNs of roles whose trust policies were read and fix the session's name."
    )
    recorded_by: str = Field(description="The proven ARN of the administrator.")
    recorded_at: datetime
    changes: tuple[str, ...] = Field(default=(), description="The difference from the version before, a line each.")


def guarded_part(organization: Organization) -> Organization:
    """The same organization without the keys that the repository decides on: these have their defaults."""
    return Organization.model_validate(_guarded(organization))


def _guarded(settings: Settings) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if authority_of(field) is Authority.FREE:
            continue
        if authority_of(field) is None and table_of_field(field):
            value = tuple(map(_guarded, value)) if isinstance(value, tuple) else _guarded(value)
        kept[field.alias or name] = value
    return kept


def placed(file: Organization, guardrails: Organization) -> Organization:
    """The organization that state machines and infrastructure are made of.

    Administrators' keys (accounts, regions, roles, order, names) come from the guardrails, all others from the file.
    An environment that the file leaves out is as the guardrails say.
    """
    own = {environment.name: environment for environment in file.environments}
    environments = tuple(
        _placed(own.get(environment.name, environment), environment) for environment in guardrails.environments
    )
    top = _placed(file, guardrails)
    return Organization.model_validate({**top, "environments": environments})


def _placed(file: Settings, guardrails: Settings) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, field in type(file).model_fields.items():
        theirs, ours = getattr(file, name), getattr(guardrails, name)
        authority = authority_of(field)
        if authority is None and isinstance(theirs, Settings):
            values[field.alias or name] = _placed(theirs, ours)
        else:
            values[field.alias or name] = ours if authority is Authority.ADMINISTRATOR else theirs
    return values
