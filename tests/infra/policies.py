"""What roles and policies of a template allow."""

from typing import Any

GITHUB_SECRET = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:orchestrator/github-??????"


def allowed(template: dict[str, Any], name: str) -> dict[str, list[Any]]:
    """What a role or a managed policy allows: resources by action."""
    (found,) = [
        one["Properties"]
        for one in template["Resources"].values()
        if name in (one["Properties"].get("RoleName"), one["Properties"].get("ManagedPolicyName"))
    ]
    granted: dict[str, list[Any]] = {}
    document = found["PolicyDocument"] if "PolicyDocument" in found else found["Policies"][0]["PolicyDocument"]
    for statement in (one for one in document["Statement"] if one["Effect"] == "Allow"):
        actions, resources = (
            one if isinstance(one, list) else [one] for one in (statement["Action"], statement["Resource"])
        )
        for action in actions:
            granted.setdefault(action, []).extend(resources)
    return granted
