"""A first look at a template whose files are not there: the local paths that it names, and what cannot be known."""

import copy
from collections.abc import Mapping
from typing import Any

from orchestrator.build.paths.code import WHEEL
from orchestrator.build.paths.draft import LocalPath, find_paths, spread
from orchestrator.build.paths.values import Scope
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import Content


@dataclass(frozen=True)
class Look:
    """What a template names.

    Attributes:
        document: the template with the unit's wheel in the place of functions' local code.
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
    own: dict[str, Any] = copy.deepcopy(dict(document))
    spread(own, file)
    paths, problems = find_paths(own, Scope.of(own, {}))
    problems += [problem for one in paths if (problem := _unbuilt(one))]
    if problems:
        raise ConfigurationError(file, *problems)
    code = [one for one in paths if one.wanted.content in (Content.FUNCTION, Content.LAYER)]
    files = [one for one in paths if one not in code]
    for one in code:
        if one.wanted.content is Content.FUNCTION:
            one.occurrence.set(one.wanted.of(WHEEL))
    return Look(own, _texts(code), _texts(files))


def _texts(paths: list[LocalPath]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.text for one in paths))


def _unbuilt(local: LocalPath) -> str:
    """Why what a resource asks for is not built; empty when it asks for nothing."""
    resource = local.occurrence.resource
    metadata = resource.body.get("Metadata") if resource else None
    method = metadata.get("BuildMethod") if isinstance(metadata, dict) else None
    if not method or resource is None:
        return ""
    return f"{resource.place}.Metadata.BuildMethod = {method!r}: only folders of Python code are taken as they are."
