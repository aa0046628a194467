"""Code of a unit has got hold of a builder's role: what it tries with that alone is allowed by no statement."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.organization import Organization
from tests.infra.policies import allowed
from tests.shared_folder import once

Template = dict[str, Any]
ACCOUNT = "111111111111"
BUCKET = f"arn:aws:s3:::orchestrator-artifacts-{ACCOUNT}-eu-west-1"
LEDGER = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orchestrator-ledger"
ROLES = {"activity": "orchestrator-builder", "codebuild": "orchestrator-codebuild"}
_STATES = f"arn:aws:states:eu-west-1:{ACCOUNT}"
_LAMBDA = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function"
ATTACKS = [
    ("dynamodb:PutItem", LEDGER, "write a decision, a lock, or another unit's version"),
    ("dynamodb:UpdateItem", LEDGER, "count another unit's layers"),
    ("dynamodb:DeleteItem", LEDGER, "forget a hold"),
    ("dynamodb:GetItem", LEDGER, "read an approval's token"),
    ("dynamodb:Query", LEDGER, "find an approval's token"),
    ("dynamodb:BatchGetItem", LEDGER, "find tokens, many at once"),
    ("dynamodb:TransactWriteItems", LEDGER, "write many items at once"),
    ("s3:PutObject", f"{BUCKET}/projects/metronome/release/1.0.0/manifest.json", "overwrite another unit's release"),
    ("s3:PutObject", f"{BUCKET}/projects/clock/release/1.0.0/manifest.json", "overwrite its own release"),
    ("s3:DeleteObject", f"{BUCKET}/projects/clock/release/1.0.0/manifest.json", "delete a release"),
    ("s3:PutObject", f"{BUCKET}/surveys/0000.json", "tell what the branch holds"),
    ("s3:PutObject", f"{BUCKET}/bundles/0000.zip", "replace the orchestrator's code"),
    ("s3:PutObject", f"{BUCKET}/plans/clock/merge-1/prod.json", "show approvers another plan"),
    ("s3:PutObject", f"{BUCKET}/logs/metronome/merge-1/build.log", "rewrite another build's log"),
    ("s3:GetObject", f"{BUCKET}/plans/clock/merge-1/prod.json", "read plans"),
    ("states:StartExecution", f"{_STATES}:stateMachine:promote-clock", "start a promotion"),
    ("states:StartExecution", f"{_STATES}:stateMachine:clock-approve-prod", "approve"),
    ("states:GetExecutionHistory", f"{_STATES}:execution:promote-metronome:merge-1", "read another build's secret"),
    ("states:GetActivityTask", f"{_STATES}:activity:another", "take other tasks"),
    ("lambda:InvokeFunction", f"{_LAMBDA}:orchestrator-prepare-build", "make a secret for any unit"),
    ("lambda:InvokeFunction", f"{_LAMBDA}:orchestrator-decide", "decide"),
    ("lambda:InvokeFunction", f"{_LAMBDA}:orchestrator-deploy", "deploy"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/orchestrator-publisher", "publish without asking"),
    ("sts:AssumeRole", "arn:aws:iam::222222222222:role/orchestrator-deployer", "deploy by itself"),
    ("codebuild:StartBuild", f"arn:aws:codebuild:eu-west-1:{ACCOUNT}:project/orchestrator-build", "start a build"),
]


@pytest.fixture(scope="module")
def tooling(shared: Path) -> dict[str, Template]:
    """What the tooling account holds, by who builds."""

    def make(file: Path) -> None:
        made = {}
        for runner in ROLES:
            organization = Organization.model_validate(
                {
                    "tooling": {"account": ACCOUNT, "region": "eu-west-1"},
                    "environments": [{"name": "prod", "account": "222222222222", "region": "eu-west-1"}],
                    "repository": {"url": f"s3://{BUCKET.removeprefix('arn:aws:s3:::')}/source"},
                    "build": {"runner": runner},
                }
            )
            stacks = synthesize(organization, validate=False)
            parts = [json.loads(stacks[name])["Resources"] for name in ("orchestrator", "orchestrator-builds")]
            made[runner] = {"Resources": parts[0] | parts[1]}
        file.write_text(json.dumps(made))

    templates: dict[str, Template] = json.loads(once(shared, "builders.json", make).read_bytes())
    return templates


def within(*partitions: str) -> Template:
    """The condition that limits calls to partitions."""
    leading = "dynamodb:LeadingKeys"
    return {"ForAllValues:StringLike": {leading: list(partitions)}, "Null": {leading: "false"}}


def grants(template: Template, role: str, action: str, resource: str) -> bool:
    """Whether any statement of a role names an action and a resource, whatever its conditions are."""
    return any(
        fnmatchcase(action.lower(), granted.lower()) and any(fnmatchcase(resource, one) for one in resources)
        for granted, resources in allowed(template, role).items()
    )


@pytest.mark.parametrize("runner", ROLES)
@pytest.mark.parametrize(("action", "resource", "attack"), ATTACKS, ids=[attack for _, _, attack in ATTACKS])
def test_a_builders_role_alone_does_no_harm(
    tooling: dict[str, Template], runner: str, action: str, resource: str, attack: str
) -> None:
    """Not on a worker, and not on CodeBuild."""
    assert not grants(tooling[runner], ROLES[runner], action, resource), attack


@pytest.mark.parametrize("runner", ROLES)
def test_a_builders_role_may_do_what_is_listed_here_and_nothing_else(tooling: dict[str, Template], runner: str) -> None:
    """Take and answer tasks, or run on CodeBuild; read sources; ask for sessions."""
    common = {"s3:GetObject", "s3:ListBucket", "lambda:InvokeFunction"}
    answers = {f"states:{action}" for action in ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")}
    own = {
        "activity": {"states:GetActivityTask", *answers},
        "codebuild": {"logs:CreateLogStream", "logs:PutLogEvents"},
    }
    assert set(allowed(tooling[runner], ROLES[runner])) == common | own[runner]
    assert allowed(tooling[runner], ROLES[runner])["lambda:InvokeFunction"] == [f"{_LAMBDA}:orchestrator-begin-publish"]


@pytest.mark.parametrize("runner", ROLES)
def test_the_publishers_role_is_opened_by_begin_publish_alone(tooling: dict[str, Template], runner: str) -> None:
    """By the role of that one function; no account, no service, no other role."""
    roles = [one for one in tooling[runner]["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    (publisher,) = [one["Properties"] for one in roles if one["Properties"]["RoleName"] == "orchestrator-publisher"]
    (trust,) = publisher["AssumeRolePolicyDocument"]["Statement"]
    logical = trust["Principal"]["AWS"]["Fn::GetAtt"][0]
    assert tooling[runner]["Resources"][logical]["Properties"]["RoleName"] == "orchestrator-begin-publish"
    assert trust["Action"] == "sts:AssumeRole"


def test_the_publishers_role_writes_releases_once_and_no_partition_of_others(tooling: dict[str, Template]) -> None:
    """Whatever a session's own policy would allow: new objects, logs, and partitions of releases."""
    roles = [one for one in tooling["activity"]["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    (publisher,) = [one["Properties"] for one in roles if one["Properties"]["RoleName"] == "orchestrator-publisher"]
    statements = publisher["Policies"][0]["PolicyDocument"]["Statement"]
    by_resource = {(str(one["Resource"]), str(one["Action"])): one.get("Condition") for one in statements}
    assert by_resource[f"{BUCKET}/projects/*", "s3:PutObject"] == {"Null": {"s3:if-none-match": "false"}}
    ledger = [one for one in statements if one["Resource"] == LEDGER]
    assert [one["Condition"] for one in ledger] == [within("RELEASES#*", "FAILED-BUILDS#*")]
    assert "dynamodb:DeleteItem" not in ledger[0]["Action"]


def test_what_opens_sessions_asks_codebuild_where_that_builds(tooling: dict[str, Template]) -> None:
    """A caller says which build it is; CodeBuild says what that is for."""
    project = f"arn:aws:codebuild:eu-west-1:{ACCOUNT}:project/orchestrator-build"
    opener = "orchestrator-begin-publish"
    assert allowed(tooling["codebuild"], opener)["codebuild:BatchGetBuilds"] == [project]
    assert "codebuild:BatchGetBuilds" not in allowed(tooling["activity"], opener)


@pytest.mark.parametrize("runner", ROLES)
def test_the_secrets_of_builds_are_within_reach_of_two_functions(tooling: dict[str, Template], runner: str) -> None:
    """In partitions of their own; what opens sessions reads no other item, and writes none."""
    for name in ("orchestrator-prepare-build", "orchestrator-begin-publish"):
        roles = [one for one in tooling[runner]["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
        (role,) = [one["Properties"] for one in roles if one["Properties"]["RoleName"] == name]
        statements = role["Policies"][0]["PolicyDocument"]["Statement"]
        assert [one["Condition"] for one in statements if one["Resource"] == LEDGER] == [within("BUILDS#*")]
