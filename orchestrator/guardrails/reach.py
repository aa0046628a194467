"""Rules that a merge tightens until nobody can fulfil them: what they guard would wait for ever."""

from collections.abc import Iterator

from orchestrator.config.environment import Environment
from orchestrator.config.organization import FILE_NAME, Organization
from orchestrator.config.unit import Unit, unit_for
from orchestrator.errors import ConfigurationError
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.policy import policy_in
from orchestrator.guardrails.rules import rules, tightening
from orchestrator.identity.reachable import unreachable

_ADVICE = "A merge may tighten the guardrails as far as somebody can fulfil them: change these values."


def refuse_unreachable(file: Organization, guardrails: Guardrails) -> None:
    """Refuse an `orchestrator.toml` that, combined with the guardrails, asks for approvals that nobody can give.

    Raises:
        ConfigurationError: it does; names each environment.
    """
    # Of a unit that says nothing itself, all rules are the organization's.
    found = [f"environments.{name}: {problem}" for name, problem in _problems(unit_for("unit", "{}"), file, guardrails)]
    if found:
        raise ConfigurationError(FILE_NAME, *found, _ADVICE)


def unreachable_rules(unit: Unit, file: Organization, guardrails: Guardrails) -> ConfigurationError | None:
    """The refusal of a unit that asks for approvals that nobody can give; None where none does.

    Args:
        unit: with its settings.
        file: the repository's `orchestrator.toml`.
        guardrails: what is recorded.
    """
    found = [f"{_keys(unit, name)}: {problem}" for name, problem in _problems(unit, file, guardrails)]
    return ConfigurationError(unit.settings_file, *found, _ADVICE) if found else None


def _problems(unit: Unit, file: Organization, guardrails: Guardrails) -> Iterator[tuple[str, str]]:
    """By environment that waits for people, why nobody whose decision counts there is enough."""
    described = {one.name: one for one in file.environments}
    for name in unit.environments(guardrails.organization):
        guarded = guardrails.organization.environment(name)
        if problem := _problem(unit, guarded, described.get(name, guarded), guardrails):
            yield name, problem


def _problem(unit: Unit, guarded: Environment, described: Environment, guardrails: Guardrails) -> str | None:
    merged = tightening(unit, described)
    policy = policy_in(guardrails, guarded, merged)
    # Where nobody is named, anybody may decide.
    is_asked = rules(guarded, merged).requires_approval and policy.approvers
    return unreachable(policy) if is_asked else None


def _keys(unit: Unit, environment: str) -> str:
    """The unit's own keys that have a part in it."""
    own = unit.settings
    keys = {
        f"approvers.{environment}": environment in own.approvers,
        f"required_approvals.{environment}": environment in own.required_approvals,
        "requires_approval": environment in (own.requires_approval or ()),
    }
    return " and ".join(f"{unit.settings_table}.{key}" for key, is_own in keys.items() if is_own)
