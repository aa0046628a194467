"""Writes objects of a bucket in the form that a property takes them in."""

from collections.abc import Mapping
from typing import Any

from orchestrator.build.paths.walk import IF, NO_VALUE, is_choice, occurrences
from orchestrator.errors import ConfigurationError
from orchestrator.releases.path_properties import BUCKET, Form, ObjectKeys, PathProperty

_S3, _SUB, _VERSION = "s3://", "Fn::Sub", "?versionId="
# The suffix differs in partitions such as China's, and only an address by region works in all of them.
_HTTPS = f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{BUCKET}}}/"


def named_object(key: Any, wanted: PathProperty) -> Any:
    """A property's value for an object of the release.

    Args:
        key: the object's key; for `Form.OBJECT` perhaps an intrinsic function that gives it.
        wanted: the property.
    """
    match wanted.form:
        case Form.OBJECT:
            return wanted.of(key)
        case Form.HTTPS_URL:
            return {_SUB: f"{_HTTPS}{key}"}
        case Form.S3_URL | Form.S3_URLS:
            return {_SUB: f"{_S3}${{{BUCKET}}}/{key}"}
        case _:
            return key


def normalize_objects(document: Mapping[str, Any], file: str) -> None:
    """Write properties that name an object by its bucket and key as CloudFormation and SAM's transform take them.

    Both tools take an s3:// URL for a mapping of CloudFormation's. SAM's transform takes no `Fn::If` around a mapping,
    so the choice goes to each of its values.

    Raises:
        ConfigurationError: a choice has a branch that names no object.
    """
    for one in list(occurrences(document)):
        keys = one.wanted.keys
        if keys and isinstance(one.value, str | dict) and not (one.wanted.is_of_sam and isinstance(one.value, str)):
            one.set(_mapped(one.value, keys) or one.value)
    for one in list(occurrences(document)):
        keys, resource = one.wanted.keys, one.resource
        if keys and resource and one.wanted.is_of_sam:
            value = resource.properties.get(one.wanted.name)
            if is_choice(value):
                merged = _merged(value, keys)
                if merged is None:
                    raise ConfigurationError(
                        file,
                        f"{resource.place}.Properties.{one.wanted.name}: SAM's transform takes an Fn::If here only if "
                        "each branch is a local path, an s3:// URL, or a mapping of Bucket and Key.",
                    )
                resource.properties[one.wanted.name] = merged


def _mapped(value: Any, keys: ObjectKeys) -> dict[str, Any] | None:
    """The mapping for an s3:// URL; None where a value is not one."""
    own: Any = None
    text = value
    if isinstance(value, dict):
        argument = value.get(_SUB) if len(value) == 1 else None
        text, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, None)  # noqa: PLR2004
    if not isinstance(text, str) or not text.startswith(_S3) or "/" not in text[len(_S3) :]:
        return None
    bucket, _, rest = text[len(_S3) :].partition("/")
    key, _, version = rest.partition(_VERSION)
    named = {keys.bucket: bucket, keys.key: key, **({keys.version: version} if version and keys.version else {})}
    return {name: _substituted(part, own) if isinstance(value, dict) else part for name, part in named.items()}


def _substituted(text: str, own: Any) -> Any:
    if "${" not in text:
        return text
    return {_SUB: text if own is None else [text, own]}


def _merged(value: Any, keys: ObjectKeys) -> dict[str, Any] | None:
    """A choice between mappings as a mapping of choices; None where a branch is something else."""
    if not is_choice(value):
        named = isinstance(value, dict) and {keys.bucket, keys.key} <= value.keys()
        return value if named else _mapped(value, keys)
    condition, *branches = value[IF]
    mappings = [_merged(branch, keys) for branch in branches]
    one, other = mappings
    if one is None or other is None:
        return None
    return {name: _choice(condition, one.get(name, NO_VALUE), other.get(name, NO_VALUE)) for name in {**one, **other}}


def _choice(condition: Any, one: Any, other: Any) -> Any:
    return one if one == other else {IF: [condition, one, other]}
