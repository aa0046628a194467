"""Writes an `orchestrator.toml`."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from orchestrator.adoption.propose import ProposedUnit
from orchestrator.build.cdk import CDK_FILE
from orchestrator.config.environment import Environment
from orchestrator.config.globs import escaped
from orchestrator.config.organization import Lambda
from orchestrator.config.told import ROOT
from orchestrator.config.tooling import Tooling
from orchestrator.frozen import dataclass
from orchestrator.source.facts import TEMPLATES

_USUAL = (CDK_FILE, *TEMPLATES)


@dataclass(frozen=True)
class Accounts:
    """Where everything goes."""

    tooling: Tooling
    environments: tuple[Environment, ...]


def written(
    accounts: Accounts, globs: Iterable[str], units: list[ProposedUnit], exclude: Iterable[str], platform: Lambda
) -> str:
    """The text of the file."""
    return "\n".join(
        [
            "# What is promoted, and where to. 'orchestrator units' lists the units that this finds.",
            _list("units", globs),
            *([_list("exclude", excluded)] if (excluded := sorted(exclude)) else []),
            "",
            "[tooling]  # where the orchestrator itself runs",
            f"account = {_text(accounts.tooling.account)}",
            f"region = {_text(accounts.tooling.region)}",
            "",
            "[lambda]  # what releases are built for",
            f"python = {_text(platform.python)}",
            f"architecture = {_text(platform.architecture)}",
            *(line for one in accounts.environments for line in _environment(one)),
            *_adopt(units),
            *(line for unit in units for line in _unit(unit)),
            "",
        ]
    )


def globs_of(units: list[ProposedUnit], by_file: Collection[str] = ()) -> list[str]:
    """Globs that find the units: one for all that lie in a folder, so that new ones beside them are found as well.

    Args:
        units: all of them.
        by_file: folders in which units are told by their files, because much else lies there.
    """
    parents: dict[str, list[ProposedUnit]] = {}
    for unit in units:
        parents.setdefault(unit.place.folder.rpartition("/")[0], []).append(unit)
    found: list[str] = []
    for parent, group in parents.items():
        prefix = f"{escaped(parent)}/" if parent else ""
        for unit in group:
            name = escaped(unit.place.folder.rpartition("/")[2]) if len(group) == 1 or not unit.place.folder else "*"
            glob = f"{prefix}{name}" if unit.place.folder else ROOT
            # At the root, a folder is a unit only by its file: much else lies there.
            named = unit.place.file not in _USUAL or glob == "*" or (parent in by_file and glob != ROOT)
            found.append(f"{'' if glob == ROOT else f'{glob}/'}{escaped(unit.place.file)}" if named else glob)
    return sorted(dict.fromkeys(found))


def _environment(environment: Environment) -> Iterator[str]:
    yield from ("", "[[environments]]", f"name = {_text(environment.name)}")
    if len(environment.targets) == 1:
        yield from (f"{key} = {_text(one)}" for key, one in environment.targets[0].model_dump().items())
    else:
        targets = ", ".join(_value(one.model_dump()) for one in environment.targets)
        yield f"targets = [{targets}]"
    if environment.stack_suffix:
        yield f"stack_suffix = {_text(environment.stack_suffix)}  # another one is in the same account and region"
    if environment.requires_approval:
        yield "requires_approval = true"
        yield f'# approvers = ["arn:aws:iam::{environment.targets[0].account}:role/release-*"]  # who may decide'
        yield "# required_approvals = 2  # different people"
        yield '# windows = [{ days = ["mon", "tue", "wed", "thu"], from = "09:00", to = "16:00", timezone = "UTC" }]'


def _adopt(units: list[ProposedUnit]) -> Iterator[str]:
    stacks = {stack for unit in units for stack in unit.table.get("stack_name", {}).values()}
    if stacks:
        yield from ("", "[adopt]  # stacks that are there and are taken over: roles in targets may touch these, too")
        yield _list("stacks", sorted(stacks))


def _unit(unit: ProposedUnit) -> Iterator[str]:
    notes = list(_notes(unit))
    if not (unit.table or notes):
        return
    yield from ("", f"{'' if unit.table else '# '}[{_quoted_table(unit.place.folder)}]")
    for key, value in unit.table.items():
        if isinstance(value, dict):
            yield from (f"{key}.{name} = {_value(one)}" for name, one in value.items())
        else:
            yield f"{key} = {_value(value)}"
    yield from notes


def _notes(unit: ProposedUnit) -> Iterator[str]:
    sam = unit.sam_default
    if sam and sam.stack:
        yield f"# stack_name.dev = {_text(sam.stack)}  # of samconfig.toml; name it in [adopt], too, to take it over"
    for name in unit.open_parameters:
        known = sam.parameters.get(name) if sam else None
        yield f"# parameters.default.{name} = {_text(known or '...')}  # the template gives it no Default"


def _quoted_table(folder: str) -> str:
    return f"unit.{_text(folder or ROOT)}"


def _list(key: str, values: Iterable[str]) -> str:
    return f"{key} = [\n{''.join(f'    {_text(one)},{chr(10)}' for one in values)}]"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(str(value))


def _text(value: str) -> str:
    """A TOML string: what JSON escapes, TOML escapes alike, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
