"""The check of a commit against the guardrails: of its `orchestrator.toml`, and of each unit's settings."""

from collections.abc import Collection

from orchestrator.config.organization import Organization
from orchestrator.config.unit import unit_for
from orchestrator.errors import ConfigurationError
from orchestrator.guardrails.differences import loosened, refuse_looser
from orchestrator.source.catalog import Catalog


def check_catalog(
    catalog: Catalog, guardrails: Organization, units: Collection[str] | None = None
) -> dict[str, ConfigurationError]:
    """Find the units of a commit that are looser than the guardrails.

    Args:
        catalog: what is at the commit.
        guardrails: what is recorded.
        units: names of those that are checked; all when left out.

    Returns:
        By unit, its refusal. The other units are not affected.

    Raises:
        ConfigurationError: the commit's `orchestrator.toml` is looser, which concerns every unit.
    """
    refuse_looser(catalog.organization, guardrails)
    checked = {name: facts for name, facts in catalog.facts.items() if units is None or name in units}
    # Most units share a few sets of settings: their whole configuration is read where there is something to refuse.
    loose = {
        pipeline
        for pipeline in {facts.pipeline for facts in checked.values()}
        if loosened(unit_for("unit", pipeline), guardrails)
    }
    found = {
        name: loosened(catalog.unit(name), guardrails) for name, facts in checked.items() if facts.pipeline in loose
    }
    return {name: problem for name, problem in found.items() if problem}
