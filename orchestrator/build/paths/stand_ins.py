"""Puts paths of what a unit's own command has made in the place of those that its template names."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.build.paths.walk import Resource, resources
from orchestrator.errors import ConfigurationError
from orchestrator.releases.path_properties import PATH_PROPERTIES, PathProperty


def put_stand_ins(document: dict[str, Any], paths: Mapping[str, str], file: str, settings: str) -> None:
    """Let resources name other local paths.

    Args:
        document: the template, which is changed.
        paths: by logical id, a path from the repository's root.
        file: the template's.
        settings: where the paths are written, for messages.

    Raises:
        ConfigurationError: the template has no such resource, or it names no local path.
    """
    known = {resource.name: resource for resource in resources(document)}
    problems = []
    for name, path in paths.items():
        resource = known.get(name)
        wanted = next(_places(resource), None) if resource else None
        if resource is None or wanted is None:
            valid = ", ".join(sorted(one.name for one in known.values() if next(_places(one), None))) or "none"
            problems.append(f"artifacts.{name}: {file} has no such resource with a local path; it has {valid}.")
            continue
        resource.properties[wanted.name] = posixpath.relpath(path, posixpath.dirname(file) or ".")
        for other in wanted.instead:
            resource.properties.pop(other, None)
    if problems:
        raise ConfigurationError(settings, *problems)


def _places(resource: Resource) -> Iterator[PathProperty]:
    """The properties of a resource that may name a local path: what it has comes before what it may have."""
    found = [one for one in PATH_PROPERTIES if one.type == resource.type and len(one.path) == 1]
    yield from (one for one in found if isinstance(resource.properties.get(one.name), str))
    yield from found
