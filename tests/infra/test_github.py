"""What the tooling stack has besides when the repository is on GitHub."""

import json
from typing import Any

from tests.infra.policies import GITHUB_SECRET, allowed

# One worker synthesizes for all of them.
Template = dict[str, Any]
ACTION = "secretsmanager:GetSecretValue"


def test_only_who_reads_the_repository_reads_its_credentials(with_options: Template) -> None:
    """By the secret's name, which nothing else has."""
    roles = [
        one["Properties"]["RoleName"] for one in with_options["Resources"].values() if one["Type"] == "AWS::IAM::Role"
    ]
    reading = [role for role in roles if GITHUB_SECRET in allowed(with_options, role).get(ACTION, [])]
    assert sorted(reading) == [
        "orchestrator-builder",
        "orchestrator-codebuild",
        "orchestrator-on-merge",
        "orchestrator-plan",
        "orchestrator-preview",
        "orchestrator-resolve-release",
        "orchestrator-start-promotion",
    ]


def test_other_repositories_need_no_secret(tooling: Template) -> None:
    """Nobody may read any."""
    assert "secretsmanager" not in json.dumps(tooling)
