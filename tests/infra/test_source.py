"""Who may read the repository, and who may publish it: each role exactly the one that merges come from."""

import json
from typing import Any

import aws_cdk as cdk
import pytest

from infra.artifacts import ArtifactsStack
from infra.snapshots import snapshot_place
from infra.tooling.names import Names
from infra.tooling.source import read_repository
from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.organization import Build, Organization
from orchestrator.config.repository import Repository
from orchestrator.errors import ConfigurationError
from orchestrator.releases.layout import FOLDERS
from orchestrator.wiring.wiring import Wiring
from tests.infra.policies import allowed

Template = dict[str, Any]
READERS = tuple(
    f"orchestrator-{name}" for name in ("on-merge", "start-promotion", "plan", "resolve-release", "builder")
)
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


def test_what_was_found_at_the_branch_is_written_by_on_merge_alone(
    organization: Organization, templates: dict[str, Template]
) -> None:
    """Whoever could write it would say what is promoted. Who looks at all units reads it, and no other branch's."""
    found: dict[str, set[str]] = {}
    for template in templates.values():
        for role in [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::IAM::Role"]:
            for action, arns in allowed(template, role["RoleName"]).items():
                if kept := [arn for arn in arns if "surveys" in str(arn)]:
                    assert kept == [Names(organization).survey]
                    found.setdefault(action, set()).add(role["RoleName"])
    assert found == {
        "s3:GetObject": {
            f"orchestrator-{name}" for name in ("on-merge", "resolve-release", "resolve-train", "plan-train", "builder")
        },
        "s3:PutObject": {"orchestrator-on-merge"},
    }


@pytest.mark.parametrize("step", ["on_merge", "resolve_release", "resolve_train", "plan_train"])
def test_a_function_reads_what_its_role_may_read(
    organization: Organization, templates: dict[str, Template], step: str
) -> None:
    """Where it lies follows from settings, what is allowed from the organization: they must agree."""
    (function,) = [
        one["Properties"]
        for template in templates.values()
        for one in template["Resources"].values()
        if one["Properties"].get("Handler") == f"lambdas.{step}.handler"
    ]
    names = ("ORCHESTRATOR_REPOSITORY_URL", "ORCHESTRATOR_BRANCH", "ORCHESTRATOR_BUCKET")
    environment = {name: function["Environment"]["Variables"][name] for name in names}
    surveys = Wiring.from_environment(environment).surveys
    assert Names(organization).survey == f"arn:aws:s3:::{environment['ORCHESTRATOR_BUCKET']}/{surveys.key}"


@pytest.mark.parametrize("role", ["orchestrator-deploy", "orchestrator-decide", "orchestrator-smoke-test"])
def test_nobody_else_may(from_snapshots: Template, role: str) -> None:
    """What deploys looks at releases alone."""
    assert OBJECTS not in allowed(from_snapshots, role).get("s3:GetObject", [])


def test_the_ci_may_publish_and_tell_of_merges(from_snapshots: Template) -> None:
    """And nothing else."""
    assert allowed(from_snapshots, "orchestrator-source-publisher") == {
        "s3:GetObject": [OBJECTS, BUCKET],
        "s3:PutObject": [OBJECTS],
        "s3:ListBucket": [OBJECTS, BUCKET],
        "events:PutEvents": ["arn:aws:events:eu-west-1:111111111111:event-bus/default"],
    }


def _rules(organization: Organization, url: str) -> list[Template]:
    changed = organization.model_copy(update={"repository": Repository(url=url)})
    app = cdk.App(analytics_reporting=False)
    ArtifactsStack(app, "artifacts", changed, env=cdk.Environment(account="1" * 12, region="eu-west-1"))
    resources: Template = app.synth().get_stack_by_name("artifacts").template["Resources"]
    (bucket,) = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::S3::Bucket"]
    return [one for one in bucket["LifecycleConfiguration"]["Rules"] if one["Prefix"] != "surveys/"]


def test_old_snapshots_cost_less_and_never_expire(organization: Organization) -> None:
    """What was overwritten, or deleted by hand, can be brought back for a month, and is gone then."""
    assert _rules(organization, f"s3://{organization.tooling.bucket}/source") == [
        {
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "Prefix": "source/",
            "Status": "Enabled",
            "Transitions": [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}],
        }
    ]
    assert _rules(organization, "s3://sources/shop") == []


@pytest.mark.parametrize("prefix", FOLDERS)
def test_snapshots_lie_nowhere_that_the_orchestrator_keeps_things_in(organization: Organization, prefix: str) -> None:
    """Whoever publishes, or builds, could write what others trust."""
    url = f"s3://{organization.tooling.bucket}/{prefix}/source"
    changed = organization.model_copy(update={"repository": Repository(url=url)})
    with pytest.raises(ConfigurationError, match=r"repository\.url = .* is not valid: .* projects, stacks, surveys"):
        snapshot_place(changed)


def test_without_snapshots_nobody_is_allowed_to_publish_any(tooling: Template) -> None:
    """There is no policy for it."""
    policies = [one["Properties"] for one in tooling["Resources"].values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    assert "orchestrator-source-publisher" not in {one["ManagedPolicyName"] for one in policies}


@pytest.fixture(scope="module")
def from_codecommit(organization: Organization) -> Template:
    """The tooling stack of an organization whose repository is in CodeCommit."""
    repository = Repository(url="codecommit::eu-west-1://shop", branch="trunk")
    changed = organization.model_copy(update={"repository": repository})
    template: Template = json.loads(synthesize(changed, validate=False)["orchestrator"])
    return template


@pytest.mark.parametrize("role", READERS)
def test_who_reads_sources_may_read_the_repository_in_codecommit(from_codecommit: Template, role: str) -> None:
    """That one, and neither clone it nor write to it."""
    found = allowed(from_codecommit, role)
    granted = {action: arns for action, arns in found.items() if action.startswith("codecommit:")}
    actions = ("GetBranch", "ListBranches", "GetCommit", "GetFolder", "GetBlob")
    assert granted == {f"codecommit:{action}": ["arn:aws:codecommit:eu-west-1:111111111111:shop"] for action in actions}


def test_pushes_to_the_branch_are_heard_of(from_codecommit: Template, tooling: Template) -> None:
    """Of that branch and repository only; without CodeCommit there is no such rule."""
    rules = [one["Properties"] for one in from_codecommit["Resources"].values() if one["Type"] == "AWS::Events::Rule"]
    (rule,) = [one for one in rules if one.get("Name") == "orchestrator-codecommit"]
    assert rule["EventPattern"] == {
        "source": ["aws.codecommit"],
        "detail-type": ["CodeCommit Repository State Change"],
        "resources": ["arn:aws:codecommit:eu-west-1:111111111111:shop"],
        "detail": {"referenceType": ["branch"], "referenceName": ["trunk"]},
    }
    assert "codecommit" not in json.dumps(tooling)


def test_a_repository_in_another_region_is_refused(organization: Organization) -> None:
    """Its events would not arrive."""
    names = Names(organization.model_copy(update={"repository": Repository(url="codecommit://us-east-1/shop")}))
    with pytest.raises(ConfigurationError, match=r"repository\.url = 'codecommit://us-east-1/shop'.*eu-west-1"):
        read_repository(names)
