"""Judges the value of a property that may hold a local path: a local path, remote by nature, absent, or unknown."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from orchestrator.build.paths.walk import IF, NO_VALUE, is_choice
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import APPLICATION, BUCKET, Form, PathProperty

_REMOTE = ("s3://", "https://", "http://", "arn:", "ssm-doc://", "{{resolve:")
_RESOLVED_LATER = ("Fn::GetAtt", "Fn::ImportValue")
_INLINE_CODE = ("ZipFile", "ImageUri")
_NOT_AN_OBJECT = ("https://", "http://", "arn:", "ssm-doc://")
# Of an application of the serverless application repository.
_APPLICATION = ("ApplicationId", "SemanticVersion")
_PSEUDO = "AWS::"


class Kind(Enum):
    """What a value is."""

    LOCAL = "a local path"
    REMOTE = "remote"
    INLINE = "inline"
    RELEASE = "an object of the artifacts bucket"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """What a value is.

    Attributes:
        kind: of it.
        text: the local path, the key of an object of the artifacts bucket as far as it is literal, or why it is not
            known.
    """

    kind: Kind
    text: str = ""


_REMOTE_BY_NATURE = Verdict(Kind.REMOTE)


@dataclass(frozen=True)
class Scope:
    """What is known of a template's parameters, mappings and resources.

    Attributes:
        parameters: by name, the texts that a parameter is known to have: its default, and what environments give it.
        mappings: the template's.
        resources: logical ids.
    """

    parameters: Mapping[str, frozenset[str]]
    mappings: Mapping[str, Any]
    resources: frozenset[str]

    @classmethod
    def of(cls, document: Mapping[str, Any], given: Mapping[str, Iterable[str]]) -> "Scope":
        """Gather it.

        Args:
            document: the template.
            given: by parameter, the values that are given to it besides its default.
        """
        declared, mappings = (_mapping(document.get(name)) for name in ("Parameters", "Mappings"))
        known = {
            name: frozenset(
                [*([str(one["Default"])] if isinstance(one, dict) and "Default" in one else []), *given.get(name, ())]
            )
            for name, one in declared.items()
        }
        return cls(known, mappings, frozenset(map(str, _mapping(document.get("Resources")))))


def judge(value: Any, wanted: PathProperty, scope: Scope) -> Verdict:
    """Judge a value that is not an `Fn::If`: those are judged branch by branch.

    Args:
        value: as the template has it.
        wanted: the property.
        scope: what is known of the template.
    """
    if value is None or value in ("", NO_VALUE):
        return Verdict(Kind.ABSENT)
    if isinstance(value, dict) and (known := _mapped(value, wanted)):
        return known
    if wanted.form is Form.OBJECT and isinstance(value, str) and value.startswith(_NOT_AN_OBJECT):
        return _unknown("only s3:// URLs name an object here")
    return _text(value, scope)


def parts(value: Any, wanted: PathProperty) -> list[Any]:
    """The parts of a value: the entries of a list that is written with commas, or the value itself."""
    if wanted.form is not Form.S3_URLS:
        return [value]
    name, argument = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004
        delimiter, entries = argument
        return entries if delimiter == "," and isinstance(entries, list) else [value]
    if name == "Fn::Sub" and isinstance(argument, str):
        return [{"Fn::Sub": one} for one in _split(argument)]
    return list(_split(value)) if isinstance(value, str) else [value]


def _split(text: str) -> list[str]:
    return [one.strip() for one in text.split(",")]


def _mapped(value: dict[str, Any], wanted: PathProperty) -> Verdict | None:
    """Judge a mapping that is not an intrinsic function."""
    keys = wanted.keys
    if keys and {keys.bucket, keys.key} <= value.keys():
        literal = value[keys.key] if isinstance(value[keys.key], str) else ""
        return Verdict(Kind.RELEASE, literal) if value[keys.bucket] == {"Ref": BUCKET} else _REMOTE_BY_NATURE
    if keys and any(name in value for name in _INLINE_CODE):
        return Verdict(Kind.INLINE)
    if wanted.type == APPLICATION and value.keys() <= set(_APPLICATION):
        return _REMOTE_BY_NATURE
    return None


def _text(value: Any, scope: Scope) -> Verdict:
    """Judge a text, or an intrinsic function that gives one."""
    if isinstance(value, str):
        return _literal(value)
    name, argument = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
    if is_choice(value):
        return _all(value[IF][1:], scope)
    if name in _RESOLVED_LATER:
        return _REMOTE_BY_NATURE
    judged = _INTRINSICS.get(name)
    return judged(argument, scope) if judged else _unknown("a build cannot know what this is")


def _literal(text: str) -> Verdict:
    if text.startswith(f"s3://${{{BUCKET}}}/"):
        return Verdict(Kind.RELEASE, _key(text.split("/", 3)[3]))
    if text.startswith(_REMOTE):
        parts = text.split("/", 4)
        in_release = len(parts) > 4 and parts[3] == f"${{{BUCKET}}}"  # noqa: PLR2004  # https://<host>/<bucket>/<key>
        return Verdict(Kind.RELEASE, _key(parts[4])) if in_release else _REMOTE_BY_NATURE
    return Verdict(Kind.LOCAL, text)


def _key(text: str) -> str:
    return "" if "${" in text else text


def _ref(argument: Any, scope: Scope) -> Verdict:
    if not isinstance(argument, str):
        return _unknown("this is not a valid Ref")
    if argument in scope.parameters:
        local = sorted(one for one in scope.parameters[argument] if one and not one.startswith(_REMOTE))
        if local:
            return _unknown(
                f"the parameter {argument} is {local[0]!r}, and a build does not follow parameters to local paths. "
                f"Write {local[0]!r} itself"
            )
        return _REMOTE_BY_NATURE
    if argument in scope.resources:
        return _REMOTE_BY_NATURE
    return _unknown(f"{argument} is neither a parameter nor a resource that could name an object")


def _sub(argument: Any, scope: Scope) -> Verdict:
    text, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})  # noqa: PLR2004
    if not isinstance(text, str) or not isinstance(own, dict):
        return _unknown("this is not a valid Fn::Sub")
    if "${" not in text or text.startswith(_REMOTE):
        return _literal(text)
    if text.startswith("${"):
        return _variable(text[2:].partition("}")[0], own, scope)
    return _unknown("what its variables will be is not known")


def _variable(name: str, own: Mapping[str, Any], scope: Scope) -> Verdict:
    """Judge the variable that a text begins with: it decides whether the text is remote."""
    if name in own:
        return _head(_text(own[name], scope))
    if "." in name and not name.startswith(_PSEUDO):
        return _REMOTE_BY_NATURE
    return _head(_ref(name, scope))


def _head(verdict: Verdict) -> Verdict:
    return _unknown(f"it begins with {verdict.text!r}") if verdict.kind is Kind.LOCAL else verdict


def _join(argument: Any, scope: Scope) -> Verdict:
    delimiter, parts = argument if isinstance(argument, list) and len(argument) == 2 else ("", None)  # noqa: PLR2004
    if not isinstance(parts, list) or not parts or not isinstance(delimiter, str):
        return _unknown("a build cannot know what this is")
    literal = []
    for part in parts:
        if not isinstance(part, str):
            break
        literal.append(part)
    is_literal = len(literal) == len(parts)
    start = delimiter.join([*literal, *([] if is_literal or not literal else [""])])
    if start.startswith(_REMOTE) or is_literal:
        return _literal(start)
    return _head(_text(parts[0], scope)) if not start else _unknown(f"it begins with {start!r}")


def _find_in_map(argument: Any, scope: Scope) -> Verdict:
    name = argument[0] if isinstance(argument, list) and argument else None
    mapping = scope.mappings.get(name) if isinstance(name, str) else None
    values = [one for entry in _mapping(mapping).values() for one in _mapping(entry).values()]
    is_literal = bool(values) and all(isinstance(one, str) for one in values)
    return _all(values, scope) if is_literal else _unknown("a build cannot know what this is")


def _select(argument: Any, scope: Scope) -> Verdict:
    choices = argument[1] if isinstance(argument, list) and len(argument) == 2 else None  # noqa: PLR2004
    return _all(choices, scope) if isinstance(choices, list) and choices else _unknown("a build cannot know this")


def _all(values: Iterable[Any], scope: Scope) -> Verdict:
    """Judge values that one is chosen of when the stack is deployed."""
    for value in values:
        verdict = Verdict(Kind.ABSENT) if value == NO_VALUE else _text(value, scope)
        if verdict.kind is Kind.LOCAL:
            return _unknown(f"it may be {verdict.text!r}, and which one it will be is not known")
        if verdict.kind is Kind.UNKNOWN:
            return verdict
    return _REMOTE_BY_NATURE


def _unknown(why: str) -> Verdict:
    return Verdict(Kind.UNKNOWN, why)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_INTRINSICS: Mapping[str, Callable[[Any, Scope], Verdict]] = {
    "Ref": _ref,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::FindInMap": _find_in_map,
    "Fn::Select": _select,
}
