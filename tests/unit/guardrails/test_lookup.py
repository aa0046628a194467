"""Environments by name, out of the guardrails."""

from datetime import UTC, datetime

from orchestrator.config.load import load_organization
from orchestrator.guardrails.document import Guardrails, guarded_part
from orchestrator.guardrails.lookup import NamedEnvironment, context_of
from orchestrator.steps.contract import Document
from tests.organization_toml import organization_toml


class _Named(Document):
    environment: NamedEnvironment


def test_an_environment_comes_with_all_tags_of_its_stacks() -> None:
    """Those of the organization are recorded, too: an event gives none."""
    text = f'tags = {{ Owner = "platform" }}\n{organization_toml("dev")}tags = {{ Stage = "any" }}\n'
    recorded = Guardrails(
        version=1,
        organization=guarded_part(load_organization(text)),
        recorded_by="arn:aws:iam::111111111111:user/admin",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    named = _Named.model_validate({"environment": "dev"}, context=context_of(recorded))
    assert named.environment.tags == {"Owner": "platform", "Stage": "any"}
    assert named.model_dump()["environment"] == "dev"
