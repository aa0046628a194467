"""Differences between a file and the guardrails: everything at a bootstrap, what is looser at a merge."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from pydantic_core import to_jsonable_python

from orchestrator.config.authority import Authority, authority_of
from orchestrator.config.base import Settings
from orchestrator.config.environment import Environment
from orchestrator.config.organization import FILE_NAME, Organization
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.within import approvers_within, windows_within

APPLY = "orchestrator guardrails apply"
_ABSENT = object()
# What the first bootstrap fills in where the file says nothing of it.
_FILLED_IN = frozenset({"repository.url", "tooling.administrators"})


@dataclass(frozen=True)
class Difference:
    """One key whose value is another one in the file than in the guardrails.

    Attributes:
        key: its path, such as `environments.prod.requires_approval`.
        file: the file's value.
        guardrails: the recorded value.
    """

    key: str
    file: Any
    guardrails: Any

    def __str__(self) -> str:
        return f"{self.key} is {_shown(self.file)}, the guardrails say {_shown(self.guardrails)}"

    @property
    def change(self) -> str:
        """The same once the file's value is recorded."""
        return f"{self.key} was {_shown(self.guardrails)} and is {_shown(self.file)}"


def _shown(value: Any) -> str:
    return "not there" if value is _ABSENT else json.dumps(to_jsonable_python(value, by_alias=True))


Accepts = Callable[[Any, Any], bool]


def _is_union(file: Sequence[str], guardrails: Sequence[str]) -> bool:
    return {*guardrails} <= {*file}


# By key of an environment: whether a file's value is at least as strict as the recorded one.
STRICT_ENOUGH: Final[dict[str, Accepts]] = {
    "requires_approval": lambda file, recorded: file or not recorded,
    "rollback_approval": lambda file, recorded: file or not recorded,
    "mandatory": lambda file, recorded: file or not recorded,
    "required_approvals": lambda file, recorded: file >= recorded,
    "excluded_approvers": _is_union,
    "unmapped_authors": lambda file, recorded: file == "refuse" or recorded != "refuse",
    "hold": lambda file, recorded: file == "until_resumed" or recorded != "until_resumed",
    "approvers": approvers_within,
    "windows": windows_within,
}


def _differs(key: str, authority: Authority, file: Any, recorded: Any, *, looser: bool) -> bool:
    if looser and authority is Authority.COMBINED:
        return not STRICT_ENOUGH[key](file, recorded)
    return bool(file != recorded)


def differences(file: Organization, guardrails: Organization, *, looser: bool = False) -> list[Difference]:
    """Find the guarded keys whose values differ.

    Args:
        file: what `orchestrator.toml` says.
        guardrails: what is recorded.
        looser: whether keys of which the stricter value holds count only where the file's is not strict enough.
    """
    return [*_of_environments(file, guardrails, looser=looser), *_of(file, guardrails, "", looser=looser)]


def _of(file: Settings, guardrails: Settings, prefix: str, *, looser: bool) -> Iterator[Difference]:
    for name, field in type(file).model_fields.items():
        theirs, recorded, key = getattr(file, name), getattr(guardrails, name), f"{prefix}{field.alias or name}"
        authority = authority_of(field)
        if key in _FILLED_IN and not theirs:
            continue
        if authority is None and isinstance(theirs, Settings):
            yield from _of(theirs, recorded, f"{key}.", looser=looser)
        elif authority not in (None, Authority.FREE) and _differs(name, authority, theirs, recorded, looser=looser):
            yield Difference(key, theirs, recorded)


def _of_environments(file: Organization, guardrails: Organization, *, looser: bool) -> Iterator[Difference]:
    names, recorded = file.environment_names, guardrails.environment_names
    if [name for name in names if name in recorded] != [name for name in recorded if name in names]:
        yield Difference("the order of environments", names, recorded)
    for name in dict.fromkeys((*recorded, *names)):
        if name not in names:
            yield Difference(f"environments.{name}", _ABSENT, "it")
        elif name not in recorded:
            yield Difference(f"environments.{name}", "it", _ABSENT)
        else:
            pair = file.environment(name), guardrails.environment(name)
            yield from _of(*pair, f"environments.{name}.", looser=looser)


def refuse_looser(file: Organization, guardrails: Organization) -> None:
    """Refuse an `orchestrator.toml` that is looser than the guardrails.

    Raises:
        ConfigurationError: it is; names each key with both values, and what to do.
    """
    if found := differences(file, guardrails, looser=True):
        raise ConfigurationError(
            FILE_NAME,
            *(f"{one}." for one in found),
            f"A merge cannot loosen the guardrails. Restore these values, or have an administrator run '{APPLY}'.",
        )


def loosened(unit: Unit, guardrails: Organization) -> ConfigurationError | None:
    """The refusal of a unit whose settings are looser than the guardrails; None where none is."""
    found = [*_loosened(unit, guardrails)]
    if not found:
        return None
    table = unit.settings_table
    return ConfigurationError(
        unit.settings_file,
        *(f"{table}.{one}." for one in found),
        f"A merge cannot loosen the guardrails. Change the unit, or have an administrator run '{APPLY}'.",
    )


def _loosened(unit: Unit, guardrails: Organization) -> Iterator[str]:
    own = unit.settings
    known = [one for one in guardrails.environments if own.environments is None or one.name in own.environments]
    for environment in known:
        yield from _loosened_in(unit, environment)
    wanted = own.environments
    if wanted is not None and (missing := [name for name in unit.environments(guardrails) if name not in wanted]):
        yield f"environments leaves out {', '.join(missing)}, which the guardrails make mandatory"
    names = {one.name: own.stack_in(one.name) for one in known}
    for name in sorted({stack for stack in names.values() if stack and not guardrails.may_deploy(stack)}):
        yield (
            f"stack_name names {name}, and the guardrails let roles touch only stacks that begin with "
            f"{guardrails.stack_prefix!r} or are in [adopt] stacks"
        )


def _loosened_in(unit: Unit, environment: Environment) -> Iterator[str]:
    own, name = unit.settings, environment.name
    if environment.requires_approval and own.requires_approval is not None and name not in own.requires_approval:
        yield f"requires_approval leaves out {name}, where the guardrails ask for one: add it, or leave the key out"
    number = own.required_approvals.get(name)
    if number is not None and number < environment.required_approvals:
        yield f"required_approvals.{name} is {number}, the guardrails say {environment.required_approvals}"
    patterns = own.approvers.get(name, ())
    if patterns and environment.approvers and _is_wider(patterns, environment.approvers):
        yield f"approvers.{name} is {_shown(patterns)}, the guardrails say {_shown(environment.approvers)}"


def _is_wider(patterns: Sequence[str], recorded: Sequence[str]) -> bool:
    """Whether a list lets in all whom the guardrails name, and others besides."""
    return approvers_within(recorded, patterns) and not approvers_within(patterns, recorded)
