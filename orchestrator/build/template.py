"""A unit's CloudFormation template: read into JSON, and checked before anything is built or deployed."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from orchestrator.build.handlers import Function
from orchestrator.build.templates import TemplateSource
from orchestrator.build.yaml_loader import TemplateLoader
from orchestrator.config.organization import Organization
from orchestrator.config.platform import Platform
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

WELL_KNOWN_PARAMETERS = ("ArtifactsBucket", "SourceKey", "LayerKey", "Version", "Environment", "Unit", "Runtime")
# CloudFormation's limit for a template that it reads from S3.
LARGEST_TEMPLATE = 1_048_576


@dataclass(frozen=True)
class UnitTemplate:
    """A template as it is deployed.

    Attributes:
        text: JSON.
        source: what it was read from.
        functions: by platform, those in Python whose code the release holds, in nested templates too.
        files: the objects that it refers to, by key.
        notes: what people should know of how local paths were packaged.
        others: by environment, where it has another template.
    """

    text: bytes
    source: TemplateSource
    functions: Mapping[Platform, tuple[Function, ...]] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    others: Mapping[str, bytes] = field(default_factory=dict)


def read_template(text: bytes, file: str) -> dict[str, Any]:
    """Read a template out of YAML, with CloudFormation's short tags, or JSON.

    Args:
        text: the file's content.
        file: its path from the repository's root; `.json` is read as JSON, all else as YAML.

    Raises:
        ConfigurationError: it cannot be read, is too large, or is not a template; with the line where there is one.
    """
    if len(text) > LARGEST_TEMPLATE:
        raise ConfigurationError(file, _too_large(len(text)))
    document = parse(text, file)
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict) or not document["Resources"]:
        raise ConfigurationError(
            file, "is not a CloudFormation template: it needs a mapping 'Resources' with a resource."
        )
    if not isinstance(document.get("Parameters", {}), dict):
        raise ConfigurationError(file, "Parameters must be a mapping of names to parameters.")
    return document


def template_json(document: dict[str, Any], file: str) -> bytes:
    """A template as it is stored and deployed: JSON with the keys in the author's order.

    Raises:
        ConfigurationError: it is larger than CloudFormation takes.
    """
    # Piece by piece, so that a few nested YAML anchors cannot blow up into gigabytes first.
    pieces, size = [], 0
    try:
        for piece in json.JSONEncoder(separators=(",", ":"), allow_nan=False).iterencode(document):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_TEMPLATE:
                raise ConfigurationError(file, _too_large(size))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            file, "an anchor refers to itself, or the nesting is too deep: JSON has neither."
        ) from error
    return "".join(pieces).encode()


def check_parameters(
    document: dict[str, Any], unit: Unit, organization: Organization, *, layers: Mapping[str, bool], file: str
) -> None:
    """Check that every parameter gets a value in every environment of the unit, and that nothing is set in vain.

    A template that declares `LayerKey` with a default, such as an empty one, also does for a unit without
    dependencies; without a default it needs a layer.

    Args:
        document: the template.
        unit: the unit.
        organization: its environments.
        layers: the parameters for the keys of layers, and whether there is such a layer.
        file: the template, for messages.

    Raises:
        ConfigurationError: a parameter is not filled, or is not declared; every one is named with its environments.
    """
    declared: dict[str, Any] = document.get("Parameters", {})
    problems = [
        *_missing_layers(declared, layers),
        *_unfilled(declared, unit, organization, layers),
    ]
    undeclared = _undeclared(declared, unit, organization)
    if undeclared:
        raise ConfigurationError(unit.settings_file, *undeclared, *(f"{file}: {one}" for one in problems))
    if problems:
        raise ConfigurationError(file, *problems)


def parse(text: bytes, file: str) -> Any:
    """Read YAML, with CloudFormation's short tags, or JSON; a byte order mark is passed over.

    Args:
        text: the file's content.
        file: its path from the repository's root; `.json` is read as JSON, all else as YAML.

    Raises:
        ConfigurationError: it cannot be read; with the line where there is one.
    """
    try:
        decoded = text.decode("utf-8-sig")
        if PurePosixPath(file).suffix == ".json":
            return json.loads(decoded, object_pairs_hook=_without_twins, parse_constant=_refuse_constant)
        # A subclass of SafeLoader: it makes plain values only.
        document = yaml.load(decoded, Loader=TemplateLoader)  # noqa: S506
        _check_aliases(document, file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigurationError(file, f"{where}{error.problem or error.context}.") from error
    except json.JSONDecodeError as error:
        raise ConfigurationError(file, f"line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except (UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(file, f"cannot be read: {error}.") from error
    except RecursionError as error:
        raise ConfigurationError(file, "is nested too deeply.") from error
    return document


def _check_aliases(document: Any, file: str) -> None:
    """Refuse what a few lines of aliases make of themselves: whatever walks the document would never end."""
    values = _written_out(document, {})
    if values == math.inf:
        raise ConfigurationError(file, "an anchor refers to itself: an alias is part of what it stands for.")
    if values > LARGEST_TEMPLATE:
        raise ConfigurationError(
            file,
            f"holds {values:,} values when its YAML aliases are written out, and templates have no room for more than "
            f"{LARGEST_TEMPLATE:,}. Use fewer aliases.",
        )


def _written_out(value: Any, known: dict[int, float]) -> float:
    """The number of values in a document whose aliases are written out; it has no end where one holds itself."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = math.inf
        known[id(value)] = 1 + sum(
            _written_out(part, known) for part in (value.values() if isinstance(value, dict) else value)
        )
    return known[id(value)]


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {name!r} is there twice in one object")
    return found


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON value")


def _too_large(size: int) -> str:
    return (
        f"is too large: {size:,} bytes or more, and CloudFormation takes {LARGEST_TEMPLATE:,}. "
        "Split the unit, or move parts into nested stacks."
    )


def _missing_layers(declared: dict[str, Any], layers: Mapping[str, bool]) -> Iterable[str]:
    for name, is_there in layers.items():
        if name in declared and not is_there and not _has_default(declared[name]):
            yield (
                f"Parameters.{name} is declared, but the unit has no dependencies and so no layer: "
                "add them to project.dependencies, or remove the parameter (a Default is enough)."
            )


def _unfilled(declared: dict[str, Any], unit: Unit, organization: Organization, layers: Iterable[str]) -> Iterable[str]:
    known = list(dict.fromkeys((*WELL_KNOWN_PARAMETERS, *layers)))
    for name, parameter in declared.items():
        if name in known or _has_default(parameter):
            continue
        environments = [
            one
            for one in unit.environments(organization)
            # A stack that is adopted may have a value, which it keeps; its plan looks.
            if name not in unit.parameters(one) and unit.settings.stack_in(one) is None
        ]
        if environments:
            yield (
                f"Parameters.{name} has no value in {', '.join(environments)}: give it a Default, or set it in "
                f"{unit.settings_file} under [{unit.settings_table}.parameters.{environments[0]}] (or .default). "
                f"Filled in by themselves are {', '.join(known)}."
            )


def _undeclared(declared: dict[str, Any], unit: Unit, organization: Organization) -> list[str]:
    environments = unit.environments(organization)
    names = dict.fromkeys(name for one in environments for name in unit.parameters(one))
    return [
        f"{unit.settings_table}.parameters sets {name!r} for {', '.join(_setting(unit, environments, name))}, but the "
        f"template declares no such parameter; it declares {', '.join(declared) or 'none'}."
        for name in names
        if name not in declared
    ]


def _setting(unit: Unit, environments: list[str], name: str) -> list[str]:
    return [one for one in environments if name in unit.parameters(one)]


def _has_default(parameter: Any) -> bool:
    return isinstance(parameter, dict) and "Default" in parameter
