"""Roles of a template that CloudFormation will refuse, because they lack the permissions boundary of an environment."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.config.environment import Environment
from orchestrator.config.organization import FILE_NAME

_BOUNDARY = "PermissionsBoundary"
_ROLE = "AWS::IAM::Role"
# SAM makes a role for each of these that names none.
_WITH_ROLES = {"AWS::Serverless::Function": "Function", "AWS::Serverless::StateMachine": "StateMachine"}


def missing_boundaries(document: Mapping[str, Any], environments: Iterable[Environment], file: str) -> list[str]:
    """Name the roles without a boundary, where an environment that the template goes to asks for one.

    Args:
        document: the template.
        environments: those that it goes to.
        file: the template's path, as warnings name it.
    """
    asking = {one.name: one.permissions_boundary for one in environments if one.permissions_boundary}
    roles = sorted(_without_boundary(document)) if asking else []
    if not roles:
        return []
    where = ", ".join(f"{name} ({boundary})" for name, boundary in asking.items())
    return [
        (
            f"{file}: {', '.join(roles)}: no {_BOUNDARY} is set, so CloudFormation will be refused to create the role. "
            f"permissions_boundary in {FILE_NAME} asks for it in {where}. Set {_BOUNDARY} on each; in a SAM template, "
            f"Globals.Function.{_BOUNDARY} sets it for all functions."
        )
    ]


def _without_boundary(document: Mapping[str, Any]) -> Iterator[str]:
    shared = _mapping(document.get("Globals"))
    for name, resource in document["Resources"].items():
        kind = str(_mapping(resource).get("Type"))
        properties = _mapping(_mapping(resource).get("Properties"))
        if kind in _WITH_ROLES:
            properties = {**_mapping(shared.get(_WITH_ROLES[kind])), **properties}
        makes_role = kind == _ROLE or (kind in _WITH_ROLES and "Role" not in properties)
        if makes_role and _BOUNDARY not in properties:
            yield str(name)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
