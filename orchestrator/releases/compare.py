"""What differs between two JSON documents, two templates, two wheels or two locks: pure functions."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from orchestrator.releases.record import File, recorded

Kind = Literal["added", "removed", "changed"]
_NOTHING = object()


class Difference(BaseModel):
    """One thing that differs, with both values where they are told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    what: str
    before: Any = None
    after: Any = None


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What was added, removed or changed between two mappings, by key, in order."""
    return [
        _difference(name, before.get(name, _NOTHING), after.get(name, _NOTHING))
        for name in sorted({*before, *after})
        if before.get(name, _NOTHING) != after.get(name, _NOTHING)
    ]


def paths(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """The innermost places at which two JSON documents differ, such as `Resources.Api.Properties.Timeout`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from paths(before.get(key, _NOTHING), after.get(key, _NOTHING), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from paths(*pair, f"{path}[{number}]")
    elif before != after or type(before) is not type(after):
        yield _difference(path, before, after)


def template_differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What differs between two templates: resources that come and go as a whole, all else by its innermost place."""
    old, new = before.get("Resources", {}), after.get("Resources", {})
    whole = [
        Difference(kind=kind, what=f"Resources.{name} ({_type(found[name])})")
        for kind, found, other in (("removed", old, new), ("added", new, old))
        for name in found
        if name not in other
    ]
    common = [name for name in old if name in new]
    inner = paths(
        {**before, "Resources": {name: old[name] for name in common}},
        {**after, "Resources": {name: new[name] for name in common}},
    )
    return [*whole, *inner]


def wheel_files(wheel: bytes) -> dict[str, File]:
    """The files of a wheel by its RECORD; the release's own version in the names of folders is left out."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return {_without_version(name): file for name, file in recorded(archive).items()}


def _without_version(name: str) -> str:
    folder, slash, rest = name.partition("/")
    stem, dash, _ = folder.removesuffix(".dist-info").partition("-")
    return f"{stem}.dist-info/{rest}" if dash and slash and folder.endswith(".dist-info") else name


def _difference(what: str, before: Any, after: Any) -> Difference:
    if before is _NOTHING:
        return Difference(kind="added", what=what, after=after)
    if after is _NOTHING:
        return Difference(kind="removed", what=what, before=before)
    return Difference(kind="changed", what=what, before=before, after=after)


def _type(resource: Any) -> str:
    return str(resource.get("Type", "no type")) if isinstance(resource, dict) else "no resource"
