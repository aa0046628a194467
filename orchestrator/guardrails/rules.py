"""The rules that hold for one unit in one environment: the guardrails, and what a merge adds to them.

Nothing is compared here and nothing is trusted: booleans are combined by *or*, numbers by maximum, exclusions by union;
an approver must match each list, and every list of windows must be open. So a merge can add, and never take away.
"""

from pydantic import Field

from orchestrator.config.base import Settings
from orchestrator.config.environment import Environment, Hold
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.config.windows import Window
from orchestrator.identity.policy import ApprovalPolicy, Excluded, UnmappedAuthors


class Tightening(Settings):
    """What the repository says of one unit in one environment, as its state machines carry it."""

    requires_approval: bool = False
    approvers: tuple[tuple[str, ...], ...] = Field(default=(), description="Of the organization's file, of the unit.")
    required_approvals: int = Field(default=1, ge=1, le=10)
    excluded_approvers: tuple[Excluded, ...] = ()
    unmapped_authors: UnmappedAuthors = "one_more"
    rollback_approval: bool = False
    hold: Hold = "until_newer"
    windows: tuple[Window, ...] = ()


class Rules(Settings):
    """What holds."""

    requires_approval: bool
    policy: ApprovalPolicy
    rollback_approval: bool
    hold: Hold
    windows: tuple[tuple[Window, ...], ...] = Field(description="Each list must be open.")


def tightening(unit: Unit, environment: Environment) -> Tightening:
    """Gather what a merge says.

    Args:
        unit: with its settings.
        environment: as the repository's `orchestrator.toml` describes it.
    """
    own = unit.settings
    name = environment.name
    groups = (environment.approvers, own.approvers.get(name, ()))
    return Tightening(
        requires_approval=environment.requires_approval or name in (own.requires_approval or ()),
        approvers=tuple(group for group in groups if group),
        required_approvals=max(environment.required_approvals, own.required_approvals.get(name, 1)),
        excluded_approvers=environment.excluded_approvers,
        unmapped_authors=environment.unmapped_authors,
        rollback_approval=environment.rollback_approval,
        hold=environment.hold,
        windows=environment.windows,
    )


def waits_for_approval(unit: Unit, organization: Organization, environment: str) -> bool:
    """Whether a unit waits for a person in an environment, as far as the repository itself says it."""
    return tightening(unit, organization.environment(environment)).requires_approval


def rules(guarded: Environment, merged: Tightening) -> Rules:
    """Combine the recorded environment with what a merge says."""
    groups = (guarded.approvers, *merged.approvers)
    windows = (guarded.windows, merged.windows)
    unmapped = (guarded.unmapped_authors, merged.unmapped_authors)
    excluded = (*guarded.excluded_approvers, *merged.excluded_approvers)
    return Rules(
        requires_approval=guarded.requires_approval or merged.requires_approval,
        policy=ApprovalPolicy(
            approvers=tuple(dict.fromkeys(group for group in groups if group)),
            approvals=max(guarded.required_approvals, merged.required_approvals),
            excluded=tuple(dict.fromkeys(excluded)),
            unmapped_authors="refuse" if "refuse" in unmapped else "one_more",
        ),
        rollback_approval=guarded.rollback_approval or merged.rollback_approval,
        hold="until_resumed" if "until_resumed" in (guarded.hold, merged.hold) else "until_newer",
        windows=tuple(dict.fromkeys(group for group in windows if group)),
    )
