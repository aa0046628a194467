"""A first look at a template whose files are not there: the local paths that it names, and what cannot be known."""

from collections.abc import Mapping
from typing import Any

from orchestrator.build.functions.soundness import never_built
from orchestrator.build.functions.source import Source
from orchestrator.build.paths.code import WHEEL
from orchestrator.build.paths.draft import LocalPath, find_paths, spread
from orchestrator.build.paths.values import Scope
from orchestrator.build.paths.walk import Resource, is_too_deep, unshared
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import Content
from orchestrator.releases.template_code import property_of

_PYTHON = "python"


@dataclass(frozen=True)
class Look:
    """What a template names.

    Attributes:
        document: the template with the unit's wheel in the place of the local code of functions in Python.
        code: the local paths of code and layers, each once, as written.
        files: all other local paths.
    """

    document: dict[str, Any]
    code: tuple[str, ...]
    files: tuple[str, ...]


def look_at(document: Mapping[str, Any], file: str) -> Look:
    """Look at a template.

    Args:
        document: the template.
        file: its path from the repository's root, for messages.

    Raises:
        ConfigurationError: a path in it cannot be known; every one is named.
    """
    if is_too_deep(document):
        raise ConfigurationError(file, "is nested too deeply.")
    own: dict[str, Any] = unshared(dict(document))
    spread(own, file)
    paths, problems = find_paths(own, Scope.of(own, {}))
    problems += [problem for one in paths if (problem := _unbuilt(own, one, file))]
    if problems:
        raise ConfigurationError(file, *problems)
    code = [one for one in paths if one.wanted.content in (Content.FUNCTION, Content.LAYER)]
    files = [one for one in paths if one not in code]
    for one in code:
        resource = one.occurrence.resource
        if one.wanted.content is Content.FUNCTION and resource and _is_python(_runtime(own, resource)):
            one.occurrence.set(one.wanted.of(WHEEL))
    return Look(own, _texts(code), _texts(files))


def _is_python(runtime: str) -> bool:
    """Whether a function runs the unit's Python package: one that does not say is taken for one that does."""
    return runtime.startswith(_PYTHON) or not runtime


def _texts(paths: list[LocalPath]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.text for one in paths))


def _unbuilt(document: dict[str, Any], local: LocalPath, file: str) -> str:
    """Why what a resource asks for is built in no case; empty where it may be."""
    resource = local.occurrence.resource
    if resource is None or local.wanted.content not in (Content.FUNCTION, Content.LAYER):
        return ""
    metadata = resource.body.get("Metadata")
    is_layer = local.wanted.content is Content.LAYER
    runtime = "" if is_layer else _runtime(document, resource)
    known = metadata if isinstance(metadata, dict) else {}
    return never_built(Source(resource.name, file, "", runtime, metadata=known, is_layer=is_layer))


def _runtime(document: dict[str, Any], resource: Resource) -> str:
    """The runtime of a function; empty where the template does not say it."""
    runtime = property_of(document, resource.body, "Runtime")
    if isinstance(runtime, dict) and runtime.keys() == {"Ref"}:
        parameters = document.get("Parameters")
        declared = parameters.get(runtime["Ref"]) if isinstance(parameters, dict) else None
        runtime = declared.get("Default") if isinstance(declared, dict) else None
    return runtime if isinstance(runtime, str) else ""
