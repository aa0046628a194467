"""Recorded guardrails, as a first bootstrap leaves them."""

from datetime import UTC, datetime

from orchestrator.config.organization import Organization
from orchestrator.guardrails.document import Guardrails, guarded_part

ADMINISTRATOR = "arn:aws:iam::111111111111:role/platform-admin"
RECORDED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def recorded(organization: Organization, version: int = 1) -> Guardrails:
    """One version, in which all is as an organization's file says."""
    return Guardrails(
        version=version,
        organization=guarded_part(organization),
        recorded_by=ADMINISTRATOR,
        recorded_at=RECORDED_AT,
    )
