"""A first look at a template whose files are not there: which local paths it names, and whether they can be built."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.build.handlers import misfits
from orchestrator.build.paths.draft import LocalPath, find_paths, spread
from orchestrator.build.paths.values import Scope
from orchestrator.config.organization import Lambda
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import Content
from orchestrator.releases.template_code import property_of

_PYTHON = "python"


@dataclass(frozen=True)
class Look:
    """What a template names.

    Attributes:
        paths: its local paths, each once, as written.
        code: those of functions.
        problems: why no unit can be made of it, as far as the template alone says; sentences.
    """

    paths: tuple[str, ...]
    code: tuple[str, ...]
    problems: tuple[str, ...]


def look_at(document: Mapping[str, Any], platform: Lambda | None, file: str) -> Look:
    """Look at a template.

    Args:
        document: the template.
        platform: what functions run on; None where that is not to be compared.
        file: its path from the repository's root, for messages.
    """
    own: dict[str, Any] = copy.deepcopy(dict(document))
    try:
        spread(own, file)
    except ConfigurationError as error:
        return Look((), (), error.problems)
    paths, problems = find_paths(own, Scope.of(own, {}))
    code = [one for one in paths if one.wanted.content is Content.FUNCTION]
    for one in code if platform else ():
        problems += list(_problems(own, one, platform)) if platform else []
    return Look(_texts(paths), _texts(code), tuple(problems))


def _texts(paths: list[LocalPath]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.text for one in paths))


def _problems(document: dict[str, Any], local: LocalPath, platform: Lambda) -> Iterator[str]:
    resource = local.occurrence.resource
    if resource is None:
        return
    runtime, machines = (property_of(document, resource.body, name) for name in ("Runtime", "Architectures"))
    metadata = resource.body.get("Metadata")
    method = metadata.get("BuildMethod") if isinstance(metadata, dict) else None
    if isinstance(runtime, str) and not runtime.startswith(_PYTHON):
        yield f"{resource.place}.Properties.Runtime = {runtime!r}: only functions in Python are built."
    elif method:
        yield f"{resource.place}.Metadata.BuildMethod = {method!r}: only folders of Python code are taken as they are."
    else:
        yield from misfits(resource.name, runtime, machines, platform)
