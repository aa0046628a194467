"""The check of a commit against the guardrails: of its `orchestrator.toml`, and of each unit's settings."""

from collections.abc import Collection

from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit, unit_for
from orchestrator.errors import ConfigurationError
from orchestrator.guardrails.differences import loosened, refuse_looser
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.reach import refuse_unreachable, unreachable_rules
from orchestrator.source.catalog import Catalog


def check_organization(file: Organization, guardrails: Guardrails) -> None:
    """Refuse an `orchestrator.toml`, which concerns every unit.

    Raises:
        ConfigurationError: it is looser than the guardrails, or stricter than anybody can fulfil.
    """
    refuse_looser(file, guardrails.organization)
    refuse_unreachable(file, guardrails)


def check_catalog(
    catalog: Catalog, guardrails: Guardrails, units: Collection[str] | None = None
) -> dict[str, ConfigurationError]:
    """Find the units of a commit that are looser than the guardrails, or stricter than anybody can fulfil.

    Args:
        catalog: what is at the commit.
        guardrails: what is recorded.
        units: names of those that are checked; all when left out.

    Returns:
        By unit, its refusal. The other units are not affected.

    Raises:
        ConfigurationError: as `check_organization`.
    """
    check_organization(catalog.organization, guardrails)
    checked = {name: facts for name, facts in catalog.facts.items() if units is None or name in units}
    # Most units share a few sets of settings: their whole configuration is read where there is something to refuse.
    refused = {
        pipeline
        for pipeline in {facts.pipeline for facts in checked.values()}
        if _refusal(unit_for("unit", pipeline), catalog, guardrails)
    }
    found = {
        name: _refusal(catalog.unit(name), catalog, guardrails)
        for name, facts in checked.items()
        if facts.pipeline in refused
    }
    return {name: problem for name, problem in found.items() if problem}


def _refusal(unit: Unit, catalog: Catalog, guardrails: Guardrails) -> ConfigurationError | None:
    return loosened(unit, guardrails.organization) or unreachable_rules(unit, catalog.organization, guardrails)
