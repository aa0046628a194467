"""Who may read the repository, and who may publish it: each role exactly the one that merges come from."""

import json
from typing import Any

import pytest

from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.organization import Build, Organization, Repository
from tests.infra.policies import allowed

Template = dict[str, Any]
READERS = ("orchestrator-on-merge", "orchestrator-plan", "orchestrator-resolve-release", "orchestrator-builder")
OBJECTS, BUCKET = "arn:aws:s3:::sources/shop/*", "arn:aws:s3:::sources"


@pytest.fixture(scope="module")
def from_snapshots(organization: Organization) -> Template:
    """The tooling stack of an organization whose repository is in S3."""
    changes = {"build": Build(runner="codebuild"), "repository": Repository(url="s3://sources/shop")}
    template: Template = json.loads(synthesize(organization.model_copy(update=changes), validate=False)["orchestrator"])
    return template


@pytest.mark.parametrize("role", [*READERS, "orchestrator-codebuild"])
def test_who_reads_sources_may_read_the_snapshots(from_snapshots: Template, role: str) -> None:
    """All of them, and nothing else of their bucket."""
    found = allowed(from_snapshots, role)
    assert OBJECTS in found["s3:GetObject"]
    assert BUCKET in found["s3:ListBucket"]
    assert OBJECTS not in found.get("s3:PutObject", [])
    assert not [
        one for resources in found.values() for one in resources if "sources" in one and one not in (OBJECTS, BUCKET)
    ]


@pytest.mark.parametrize("role", ["orchestrator-deploy", "orchestrator-decide", "orchestrator-smoke-test"])
def test_nobody_else_may(from_snapshots: Template, role: str) -> None:
    """What deploys looks at releases alone."""
    assert OBJECTS not in allowed(from_snapshots, role).get("s3:GetObject", [])


def test_the_ci_may_publish_and_tell_of_merges(from_snapshots: Template) -> None:
    """And nothing else."""
    assert allowed(from_snapshots, "orchestrator-source-publisher") == {
        "s3:GetObject": [OBJECTS],
        "s3:PutObject": [OBJECTS],
        "s3:ListBucket": [BUCKET],
        "events:PutEvents": ["arn:aws:events:eu-west-1:111111111111:event-bus/default"],
    }


def test_without_snapshots_nobody_is_allowed_to_publish_any(tooling: Template) -> None:
    """There is no policy for it."""
    policies = [one["Properties"] for one in tooling["Resources"].values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    assert "orchestrator-source-publisher" not in {one["ManagedPolicyName"] for one in policies}
