"""Small files of the right kind in the place of local files that a template names and its author did not commit."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.build.paths.draft import LocalPath, find_paths, spread
from orchestrator.build.paths.loops import write_out
from orchestrator.build.paths.values import Scope
from orchestrator.build.paths.walk import texts, unshared
from orchestrator.errors import ConfigurationError
from orchestrator.releases.path_properties import Content
from orchestrator.releases.template_code import property_of

_TEMPLATE = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
_HANDLER = "def {name}(event, context): ...\n"
_ARCHIVES = (".zip", ".jar")
_CODE = (Content.FUNCTION, Content.LAYER)
_TEMPLATES = (Content.TEMPLATE, Content.FOREIGN_TEMPLATE)


def place_missing(document: Mapping[str, Any], folder: Path) -> None:
    """Write what a template names and is not there.

    Args:
        document: the template.
        folder: the template's, at which local paths begin.
    """
    own: dict[str, Any] = unshared(dict(document))
    try:
        spread(own, "")
        own = write_out(own, lambda _: True, "")
    except ConfigurationError:
        # The template is refused for that, whatever files there are.
        return
    paths, _ = find_paths(own, Scope.of(own, {}))
    for local in paths:
        place = folder / local.text
        if not place.exists():
            _place(own, local, place)
    for where, text in texts(own, ""):
        if where.endswith("Parameters.Location") and "://" not in text and not (folder / text).exists():
            _write(folder / text, "{}\n")


def _place(document: Mapping[str, Any], local: LocalPath, place: Path) -> None:
    content = local.wanted.content
    if content in _CODE and place.suffix in _ARCHIVES:
        place.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("placeholder", "")
    elif content in _CODE:
        _place_code(document, local, place)
    else:
        _write(place, _TEMPLATE if content in _TEMPLATES else "{}\n")


def _place_code(document: Mapping[str, Any], local: LocalPath, place: Path) -> None:
    resource = local.occurrence.resource
    handler = property_of(document, resource.body, "Handler") if resource else None
    module, _, name = str(handler).rpartition(".")
    _write(place / "README", "")
    if name.isidentifier() and all(part.isidentifier() for part in module.split(".")):
        _write(place / f"{module.replace('.', '/')}.py", _HANDLER.format(name=name))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
