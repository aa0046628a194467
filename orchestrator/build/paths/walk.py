"""Walks a template: all of its resources, and all properties in which it may name a local path."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import (
    ANY,
    METADATA_PROPERTIES,
    PATH_PROPERTIES,
    SERVERLESS_REPOSITORY,
    PathProperty,
)

IF, LOOP, TRANSFORM = "Fn::If", "Fn::ForEach::", "Fn::Transform"
NO_VALUE = {"Ref": "AWS::NoValue"}
_BRANCHES = LOOP_LENGTH = 3
_DEEPEST = 120
_BY_TYPE: Mapping[str, Sequence[PathProperty]] = {
    type_: [one for one in PATH_PROPERTIES if one.type == type_]
    for type_ in dict.fromkeys(one.type for one in PATH_PROPERTIES)
}


@dataclass(frozen=True)
class Resource:
    """A resource of a template.

    Attributes:
        name: its logical id; of one that a loop makes, as the loop writes it.
        type: of the resource.
        body: the resource itself.
        place: where it stands, such as `Resources.Api`.
    """

    name: str
    type: str
    body: dict[str, Any]
    place: str

    @property
    def properties(self) -> dict[str, Any]:
        """Its properties, which are made where it has none."""
        found = self.body.get("Properties")
        if not isinstance(found, dict):
            found = self.body["Properties"] = {}
        return found


@dataclass(frozen=True)
class Occurrence:
    """A property that may hold a local path, or a branch of it.

    Attributes:
        wanted: what the table says of it.
        resource: what it belongs to; None for the template's metadata.
        place: where it stands, such as `Resources.Api.Properties.CodeUri`.
        holder: the mapping or list that holds the value.
        key: of the value in there.
    """

    wanted: PathProperty
    resource: Resource | None
    place: str
    holder: Any
    key: Any

    @property
    def value(self) -> Any:
        """The value as it is now."""
        return self.holder[self.key]

    def set(self, value: Any) -> None:
        """Put another value in its place."""
        self.holder[self.key] = value


def resources(document: Mapping[str, Any]) -> Iterator[Resource]:
    """All resources in the template's order, with those in the bodies of loops."""
    yield from _resources(document.get("Resources"), "Resources")


def _resources(section: Any, place: str) -> Iterator[Resource]:
    for name, body in section.items() if isinstance(section, dict) else ():
        where = f"{place}.{name}"
        if str(name).startswith(LOOP):
            yield from _resources(loop_body(body), where)
        elif isinstance(body, dict):
            yield Resource(str(name), str(body.get("Type")), body, where)


def occurrences(document: Mapping[str, Any]) -> Iterator[Occurrence]:
    """All properties of the table that the template has, branch by branch."""
    for resource in resources(document):
        if resource.type in _BY_TYPE and "Properties" in resource.body:
            for one in _BY_TYPE[resource.type]:
                yield from _below(
                    Occurrence(one, resource, f"{resource.place}.Properties", resource.body, "Properties"), one.path
                )
    metadata = document.get("Metadata")
    if isinstance(metadata, dict) and SERVERLESS_REPOSITORY in metadata:
        for one in METADATA_PROPERTIES:
            place = f"Metadata.{SERVERLESS_REPOSITORY}"
            yield from _below(Occurrence(one, None, place, metadata, SERVERLESS_REPOSITORY), one.path)


def _below(spot: Occurrence, path: tuple[str, ...]) -> Iterator[Occurrence]:
    """What a path leads to from a value, through choices and loops."""
    value = spot.value
    if is_choice(value):
        for branch in range(1, _BRANCHES):
            inner = replace(spot, place=f"{spot.place}.{IF}[{branch}]", holder=value[IF], key=branch)
            yield from _below(inner, path)
    elif not path:
        yield spot
    elif isinstance(value, dict):
        for name, part in list(value.items()):
            inner = replace(spot, place=f"{spot.place}.{name}", holder=value, key=name)
            if str(name).startswith(LOOP) and isinstance(loop_body(part), dict):
                yield from _below(replace(inner, holder=part, key=-1), path)
            elif path[0] in (ANY, name):
                yield from _below(inner, path[1:])


def is_choice(value: Any) -> bool:
    """Whether a value is a well-formed `Fn::If`."""
    branches = value.get(IF) if isinstance(value, dict) and len(value) == 1 else None
    return isinstance(branches, list) and len(branches) == _BRANCHES


def branches(value: Any) -> Iterator[Any]:
    """The values that a choice is between, however deep; a value that is not a choice itself."""
    for branch in value[IF][1:] if is_choice(value) else ():
        yield from branches(branch)
    if not is_choice(value):
        yield value


def loop_body(loop: Any) -> Any:
    """What a loop makes again and again; None when it is not a loop as it should be."""
    return loop[-1] if isinstance(loop, list) and len(loop) == LOOP_LENGTH else None


def unshared(value: Any) -> Any:
    """A copy in which no mapping is in two places, as YAML's anchors make it."""
    if isinstance(value, dict):
        return {key: unshared(part) for key, part in value.items()}
    return [unshared(part) for part in value] if isinstance(value, list) else value


def is_too_deep(document: Any) -> bool:
    """Whether a document is nested deeper than templates are, and than what walks it can follow."""
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """All texts in a value, each with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from texts(part, f"{place}.{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from texts(part, f"{place}[{number}]")
