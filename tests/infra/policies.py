"""What the roles of a template may do."""

from typing import Any

GITHUB_SECRET = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:orchestrator/github-??????"


def allowed(template: dict[str, Any], role: str) -> dict[str, list[Any]]:
    """What a role may do: resources by action."""
    (found,) = [
        one["Properties"] for one in template["Resources"].values() if one["Properties"].get("RoleName") == role
    ]
    granted: dict[str, list[Any]] = {}
    for statement in found["Policies"][0]["PolicyDocument"]["Statement"]:
        actions, resources = (
            one if isinstance(one, list) else [one] for one in (statement["Action"], statement["Resource"])
        )
        for action in actions:
            granted.setdefault(action, []).extend(resources)
    return granted
