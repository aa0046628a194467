"""Reads the configuration out of TOML text; every error names the file, the key, the value and what is valid."""

import re
import tomllib
from collections.abc import Iterable
from typing import Any, TypeVar

from packaging.utils import canonicalize_name
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.config import organization as organization_file
from orchestrator.config import unit as unit_file
from orchestrator.config.base import WORDS, Settings
from orchestrator.config.names import unit_name
from orchestrator.config.organization import Organization
from orchestrator.config.project import ProjectTable, declared_version, project_table
from orchestrator.config.reserved import refuse_reserved
from orchestrator.config.tags import MOST_TAGS, OWN_TAGS, same_keys
from orchestrator.config.told import NOTHING, ROOT, Told
from orchestrator.config.unit import EVERY_ENVIRONMENT, Unit, UnitSettings
from orchestrator.errors import ConfigurationError

Model = TypeVar("Model", bound=Settings)

_TABLE = "tool.orchestrator"
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMS = ("dict_type", "string_type")
_LARGEST_TOML, _DEEPEST_KEY = 8 * 1024 * 1024, 64
# What pydantic calls by Python's names, in TOML's.
_KINDS = {
    "tuple_type": "it must be a list, such as ['a', 'b']",
    "dict_type": "it must be a table",
    "string_type": "it must be text, in quotes",
    "model_type": "it must be a table of keys and values",
}
# Keys by the names they had in earlier versions.
_RENAMED = {
    "approval": "requires_approval",
    "approvals": "required_approvals",
    "approver_is_not": "excluded_approvers",
}
_KEY = re.compile(r"""\s*(?:[\w-]+|"[^"]*"|'[^']*')\s*""")


def load_organization(text: bytes | str, file: str = organization_file.FILE_NAME) -> Organization:
    """Read `orchestrator.toml`.

    Raises:
        ConfigurationError: it is not TOML, or a key or value is not valid.
    """
    return validated(Organization, parse_toml(text, file), file, prefix="")


def load_unit(text: bytes | str, folder: str, organization: Organization) -> Unit:
    """Read a unit from its `pyproject.toml`.

    Args:
        text: the file's content.
        folder: the unit's folder, from the repository's root.
        organization: what the names of environments are checked against.

    Raises:
        ConfigurationError: it is not TOML, or a key or value is not valid.
    """
    return unit_of(parse_toml(text, f"{folder}/{unit_file.FILE_NAME}"), folder, organization)


def unit_of(
    document: dict[str, Any], folder: str, organization: Organization, told: Told = NOTHING, version: str = "0"
) -> Unit:
    """Read a unit from its `pyproject.toml`, and from what `orchestrator.toml` says of it.

    Args:
        document: the `pyproject.toml`, parsed; empty when there is none.
        folder: the unit's folder, from the repository's root; empty for the root itself.
        organization: what the names of environments are checked against.
        told: what `orchestrator.toml` says.
        version: of a unit that declares none.

    Raises:
        ConfigurationError: a key or value is not valid, or is set in both files.
    """
    file = f"{folder}/{unit_file.FILE_NAME}" if folder else unit_file.FILE_NAME
    _table(document, "project", file)
    settings = _settings(document, file, organization, told)
    project = project_table(document)
    version = _version(settings, version, file, plain=project is None)
    name = settings.name or _name(folder)
    if not settings.library:
        refuse_reserved(name, folder, file, told, plain=project is None)
    if project and not settings.library:
        _check_name(project, name, file)
    return Unit(
        name=name,
        folder=folder,
        version=declared_version(project, file, version) if project and not settings.library else version,
        settings=settings,
        plain=project is None,
        told=told.settings is not None,
    )


def _version(settings: UnitSettings, otherwise: str, file: str, *, plain: bool) -> str:
    """The version that settings give a unit without a project."""
    if settings.version is not None and not plain:
        raise ConfigurationError(file, f"{_TABLE}.version is set, and the project has a version as well: remove one.")
    return settings.version or otherwise


def _settings(document: dict[str, Any], file: str, organization: Organization, told: Told) -> UnitSettings:
    """The settings of both files, which may not say the same thing twice."""
    own = _table(_table(document, "tool", file), "orchestrator", file)
    settings = validated(UnitSettings, own, file, prefix=f"{_TABLE}.")
    _check_environments(settings, organization, file, f"{_TABLE}.")
    if told.settings is not None:
        theirs = validated(UnitSettings, told.settings, organization_file.FILE_NAME, prefix=f"{told.table}.")
        _check_environments(theirs, organization, organization_file.FILE_NAME, f"{told.table}.")
    twice = sorted(set(own) & set(told.settings or ()))
    if twice:
        raise ConfigurationError(
            organization_file.FILE_NAME,
            *(f"{told.table}.{key} is set in {file}, too, as {_TABLE}.{key}: keep one of them." for key in twice),
        )
    merged = UnitSettings.model_validate(told.added_to(own))
    places = {
        key: (organization_file.FILE_NAME, told.table) if key in (told.settings or ()) else (file, _TABLE)
        for key in ("stack_name", "tags")
    }
    _check_stacks(merged, organization, *places["stack_name"])
    _check_tags(merged, organization, *places["tags"])
    return merged


def _check_tags(settings: UnitSettings, organization: Organization, file: str, table: str) -> None:
    """Refuse tags that an administrator has set, and more of them than a stack can have."""
    for environment in map(organization.tagged_environment, organization.environment_names if settings.tags else ()):
        if twice := same_keys(settings.tags, environment.tags):
            raise ConfigurationError(
                file,
                f"{table}.tags names {', '.join(twice)}, which {organization_file.FILE_NAME} sets for all stacks in "
                f"{environment.name}: remove it here.",
            )
        if (number := len(settings.tags) + len(environment.tags) + OWN_TAGS) > MOST_TAGS:
            raise ConfigurationError(
                file,
                f"{table}.tags: stacks in {environment.name} would have {number} tags, and CloudFormation allows "
                f"{MOST_TAGS}: remove some.",
            )


def _check_stacks(settings: UnitSettings, organization: Organization, file: str, table: str) -> None:
    """Refuse a stack that no role may touch: its first deployment would fail, in each account anew."""
    given = settings.stack_name
    names = given.values() if isinstance(given, dict) else filter(None, [given])
    refused = sorted({name for name in names if not organization.may_deploy(name)})
    if refused:
        raise ConfigurationError(
            file,
            f"{table}.stack_name names {', '.join(refused)}: roles in targets may touch only stacks whose names begin "
            f"with {organization.stack_prefix!r}. Write [adopt] with stacks = {refused!r} into "
            f"{organization_file.FILE_NAME}, and have an administrator run 'orchestrator guardrails apply', then "
            "'orchestrator bootstrap'.",
        )


def _name(folder: str) -> str:
    if not folder:
        raise ConfigurationError(
            organization_file.FILE_NAME,
            f'the unit at the root has no folder to be named after: write [unit."{ROOT}"] with a name, such as '
            "name = 'orders'.",
        )
    return unit_name(folder.rsplit("/", 1)[-1])


def _check_name(project: ProjectTable, unit: str, file: str) -> None:
    name = project.values.get("name", unit)
    if not isinstance(name, str) or canonicalize_name(name) != canonicalize_name(unit):
        raise ConfigurationError(
            file,
            f"{project.key}.name = {name!r} is not valid: it must be the unit's name, {unit!r}, because the release is "
            "stored and installed by it. Rename the project or the folder, or set tool.orchestrator.name.",
        )


def _table(document: dict[str, Any], key: str, file: str) -> dict[str, Any]:
    found = document.get(key, {})
    if not isinstance(found, dict):
        raise ConfigurationError(file, f"{key} = {found!r} is not valid: it must be a table, such as [{key}].")
    return found


def parse_toml(text: bytes | str, file: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        if decoded.startswith(_BYTE_ORDER_MARK):
            raise ConfigurationError(file, "begins with a byte order mark, as some editors write it: save it without.")
        if len(decoded) > _LARGEST_TOML or any(map(_has_deep_key, decoded.splitlines())):
            raise ConfigurationError(
                file,
                f"is not read: it is larger than {_LARGEST_TOML:,} characters, or has a key of more than "
                f"{_DEEPEST_KEY} parts, which takes minutes to read and is never meant.",
            )
        return tomllib.loads(decoded)
    except ValueError as error:  # Also of bytes that are no text, and of numbers with thousands of digits.
        raise ConfigurationError(file, f"is not valid TOML: {error}") from error
    except RecursionError as error:
        raise ConfigurationError(file, "is not valid: it is nested too deeply.") from error


def _has_deep_key(line: str) -> bool:
    """Whether a line has a key of more parts than any has: reading one takes the square of them."""
    parts, run = line.split("."), 0
    for part in parts if len(parts) > _DEEPEST_KEY else ():
        run = run + 1 if _KEY.fullmatch(part) else 0
        if run > _DEEPEST_KEY:
            return True
    return False


def _check_environments(settings: UnitSettings, organization: Organization, file: str, prefix: str) -> None:
    known = organization.environment_names
    named: list[tuple[str, Iterable[str]]] = [
        ("environments", settings.environments or ()),
        ("requires_approval", settings.requires_approval or ()),
        ("stack_name", settings.stack_name if isinstance(settings.stack_name, dict) else ()),
        ("parameters", (name for name in settings.parameters if name != EVERY_ENVIRONMENT)),
    ]
    problems = [
        f"{prefix}{key}: there is no environment {name!r}; valid are {', '.join(known)}."
        for key, names in named
        for name in names
        if name not in known
    ]
    if problems:
        raise ConfigurationError(file, *problems)


def validated(model: type[Model], values: Any, file: str, *, prefix: str = "") -> Model:
    """Read a part of a file.

    Raises:
        ConfigurationError: a key or value is not valid, each named behind the prefix.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(file, *(_sentence(one, model, prefix) for one in _causes(error.errors()))) from error


def _causes(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """The errors without those that only follow from another one.

    A list is too short without what is wrong in it; what is wrong in one form of a value is none of another form.
    """
    return [one for one in errors if not any(_follows(one, other) for other in errors if other is not one)]


def _follows(one: ErrorDetails, other: ErrorDetails) -> bool:
    if one["type"] == "too_short":
        return other["loc"][: len(one["loc"])] == one["loc"]
    of_another_form = one["type"] in _FORMS and bool(one["loc"]) and _is_form(one["loc"][-1])
    return of_another_form and other["type"] not in _FORMS and other["loc"][: len(one["loc"]) - 1] == one["loc"][:-1]


def _is_form(part: int | str) -> bool:
    """Whether a part of an error's location is no key, but the form that a value of several forms was taken for."""
    return isinstance(part, str) and part.startswith(("constrained-", "dict["))


def _sentence(error: ErrorDetails, model: type[Settings], prefix: str) -> str:
    key = prefix + ".".join(str(part) for part in error["loc"] if not _is_form(part))
    if error["type"] == "extra_forbidden":
        if renamed := _renamed(str(error["loc"][-1]), _keys_beside(error["loc"], model)):
            return f"{key} is called {prefix}{'.'.join(map(str, (*error['loc'][:-1], renamed)))} now: rename it."
        return f"{key} is not a known key; valid are {', '.join(_keys_beside(error['loc'], model))}."
    if error["type"] == "missing":
        return f"{key} is missing."
    plain = _KINDS.get(error["type"], error["msg"].removeprefix("Value error, "))
    if error["type"] == "value_error" and not error["loc"]:
        # It begins with its key.
        return f"{prefix}{plain}."
    said = WORDS.get(error.get("ctx", {}).get("pattern", ""), plain)
    what = f"{key} = {error['input']!r}" if key else repr(error["input"])
    return f"{what} is not valid: {said}."


def _renamed(key: str, valid: list[str]) -> str | None:
    """The name that a key has now, where it had another one and the new one is valid in the same place."""
    now = _RENAMED.get(key)
    return now if now in valid else None


def _keys_beside(location: tuple[int | str, ...], model: type[Settings]) -> list[str]:
    """The keys that are valid where an unknown one stands."""
    for part in location[:-1]:
        inner = _inner_model(model, part)
        if inner is not None:
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner_model(model: type[Settings], part: int | str) -> type[Settings] | None:
    """The model behind a part of an error's location, or None for a list's index or a union's tag."""
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return _first_model(field.annotation)
    return next((kind for kind in Settings.__subclasses__() if kind.__name__ == part), None)


def _first_model(annotation: Any) -> type[Settings] | None:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    inner = (_first_model(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
