"""What the infrastructure is synthesized to, known to those who write the templates and those who deploy them."""

from orchestrator.config.environment import Target
from orchestrator.config.infrastructure import TARGET_STACK
from orchestrator.config.organization import Organization


def target_template(target: Target) -> str:
    """Name of a target's template: there is one for each, while the stack's name is the same everywhere."""
    return f"{TARGET_STACK}-{target.account}-{target.region}"


def template_file(name: str) -> str:
    """File name of a template, given its name."""
    return f"{name}.template.json"


def has_bucket(target: Target, organization: Organization) -> bool:
    """Whether a target's stack makes a bucket: where the tooling account is a target, its own bucket is there."""
    return target.bucket != organization.tooling.bucket


def has_roles(target: Target, organization: Organization) -> bool:
    """Whether a target's stack makes the roles: they are the account's, so its first target makes them."""
    return target == next(one for one in organization.targets if one.account == target.account)


def stacked_targets(organization: Organization) -> list[Target]:
    """The targets that have a stack: all but those whose bucket and roles are there without one."""
    return [one for one in organization.targets if has_bucket(one, organization) or has_roles(one, organization)]
