"""Names of the templates that the infrastructure is synthesized to, known to those who write and who deploy them."""

from orchestrator.config.organization import TARGET_STACK, Target


def target_template(target: Target) -> str:
    """Name of a target's template: there is one for each, while the stack's name is the same everywhere."""
    return f"{TARGET_STACK}-{target.account}-{target.region}"


def template_file(name: str) -> str:
    """File name of a template, given its name."""
    return f"{name}.template.json"
