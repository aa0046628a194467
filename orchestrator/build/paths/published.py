"""Local paths of a release that was published: what its templates name, and what differs between those of two."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.build.paths.closing import Closing
from orchestrator.build.paths.values import Kind, Scope, judge
from orchestrator.build.paths.walk import occurrences, texts
from orchestrator.errors import ArtifactError
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.compare import Difference, differences, template_differences
from orchestrator.releases.path_properties import Content
from orchestrator.releases.sha256 import sha256_of

Read = Callable[[Artifact], bytes]
"""Reads an object of a release."""
Named = tuple[dict[str, Any], Mapping[str, Artifact]]
"""A template, and the objects of its release by key."""
_ARCHIVES = (".zip", ".jar")


def strays(unit: str, document: dict[str, Any], assets: Mapping[str, Artifact], read: Read) -> Iterator[str]:
    """What a template, or one that it nests, names that is neither of the release nor remote; sentences.

    Args:
        unit: the release's.
        document: the template.
        assets: the release's objects, by key.
        read: reads one.
    """
    waiting, seen = [document], set()
    while waiting:
        one = waiting.pop()
        yield from Closing(unit, assets.keys()).problems(one, Scope.of(one, {}), lambda _: False)
        for key in _nested(one):
            if key in assets and key not in seen:
                seen.add(key)
                waiting.append(json.loads(read(assets[key])))


def asset_differences(before: Named, after: Named, read: Read) -> Iterator[Difference]:
    """What differs between the objects that two templates name at the same place: file by file in archives.

    Args:
        before: a template, and the objects of its release by key.
        after: the same of the other release.
        read: reads an object of either.
    """
    old, new = _places(*before), _places(*after)
    for place in sorted(old.keys() & new.keys()):
        if old[place].key == new[place].key:
            continue
        contents = read(old[place]), read(new[place])
        if all(one.key.endswith(_ARCHIVES) for one in (old[place], new[place])):
            yield from _named(place, differences(*map(_files, contents)))
        elif all(one.key.endswith(".json") for one in (old[place], new[place])):
            yield from _named(place, template_differences(*map(json.loads, contents)))


def _named(place: str, found: list[Difference]) -> Iterator[Difference]:
    for one in found:
        yield one.model_copy(update={"what": f"{place}: {one.what}"})


def _nested(document: dict[str, Any]) -> Iterator[str]:
    """The keys of the templates that a finished template nests."""
    for one in occurrences(document):
        if one.wanted.content in (Content.TEMPLATE, Content.FOREIGN_TEMPLATE):
            verdict = judge(one.value, one.wanted, Scope.of(document, {}))
            if verdict.kind is Kind.RELEASE:
                yield verdict.text


def _places(document: dict[str, Any], assets: Mapping[str, Artifact]) -> dict[str, Artifact]:
    """By place, the object that a template names there."""
    return {
        place: artifact
        for place, text in texts(document.get("Resources"), "Resources")
        for key, artifact in assets.items()
        if text == key or text.endswith(f"/{key}")
    }


def _files(archive: bytes) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return {name: {"sha256": sha256_of(opened.read(name))} for name in opened.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ArtifactError(f"An archive of the release cannot be read: {error}.") from error
