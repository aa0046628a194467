"""Writes an `orchestrator.toml`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.adoption.propose import ProposedUnit
from orchestrator.build.cdk import CDK_FILE
from orchestrator.config.environment import Environment
from orchestrator.config.organization import Lambda
from orchestrator.config.told import ROOT
from orchestrator.config.tooling import Tooling
from orchestrator.frozen import dataclass
from orchestrator.source.facts import TEMPLATES

USUAL = (CDK_FILE, *TEMPLATES)
"""What a template or the file of a CDK app is called where a glob of its folder finds it."""


@dataclass(frozen=True)
class Accounts:
    """Where everything goes."""

    tooling: Tooling
    environments: tuple[Environment, ...]


@dataclass(frozen=True)
class Places:
    """Where units are looked for.

    Attributes:
        globs: of units.
        exclude: globs of what is none.
    """

    globs: Iterable[str]
    exclude: Iterable[str]


def written(accounts: Accounts, places: Places, units: list[ProposedUnit], platform: Lambda, *, explain: bool) -> str:
    """The text of the file.

    Args:
        accounts: where everything goes.
        places: where units are looked for.
        units: all of them.
        platform: what most functions run on.
        explain: whether comments name what could be said of units.
    """
    return "\n".join(
        [
            "# What is promoted, and where to. 'orchestrator units' lists the units that this finds.",
            _list("units", places.globs),
            *([_list("exclude", excluded)] if (excluded := sorted(places.exclude)) else []),
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
            *(line for unit in units for line in _unit(unit, explain=explain)),
            "",
        ]
    )


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


def adopted(units: Iterable[ProposedUnit]) -> list[str]:
    """The names of stacks that units take over."""
    return sorted({stack for unit in units for stack in unit.table.get("stack_name", {}).values()})


def _adopt(units: list[ProposedUnit]) -> Iterator[str]:
    if stacks := adopted(units):
        yield from ("", "[adopt]  # stacks that are there and are taken over: roles in targets may touch these, too")
        yield _list("stacks", stacks)


def _unit(unit: ProposedUnit, *, explain: bool) -> Iterator[str]:
    notes = list(_notes(unit)) if explain else []
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
