"""What the tooling stack has besides when CodeBuild builds: one project for all units, and what it may do."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from orchestrator.releases.layout import survey_key
from tests.infra.policies import GITHUB_SECRET, allowed

# One worker synthesizes for all of them.
Template = dict[str, Any]
Find = Callable[[Template, str], list[Template]]
PROJECT = "arn:aws:codebuild:eu-west-1:111111111111:project/orchestrator-build"
BUCKET = "arn:aws:s3:::orchestrator-artifacts-111111111111-eu-west-1"
BEGIN_PUBLISH = "arn:aws:lambda:eu-west-1:111111111111:function:orchestrator-begin-publish"
SURVEY = f"{BUCKET}/{survey_key('github://github.com/acme/shop', 'trunk')}"


def test_workers_of_an_activity_need_no_project(tooling: Template, resources: Find) -> None:
    """Nor a role for it, nor the right to start builds."""
    assert not resources(tooling, "AWS::CodeBuild::Project")
    assert "codebuild" not in json.dumps(tooling)


def test_there_is_one_project_for_all_units(with_options: Template, resources: Find) -> None:
    """Its source is the builder's code, not a unit's."""
    (project,) = resources(with_options, "AWS::CodeBuild::Project")
    assert project["Name"] == "orchestrator-build"
    assert project["Source"]["Type"] == "S3"
    assert project["Artifacts"] == {"Type": "NO_ARTIFACTS"}
    assert {"Ref": "BuilderKey"} in project["Source"]["Location"]["Fn::Join"][1]
    environment = project["Environment"]
    assert environment["Image"] == "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    assert environment["PrivilegedMode"] is False
    assert project["TimeoutInMinutes"] == 35
    assert {one["Name"]: one["Value"] for one in environment["EnvironmentVariables"]} == {
        "ORCHESTRATOR_LEDGER_TABLE": "orchestrator-ledger",
        "ORCHESTRATOR_BUCKET": "orchestrator-artifacts-111111111111-eu-west-1",
        "ORCHESTRATOR_BEGIN_PUBLISH": BEGIN_PUBLISH,
        "ORCHESTRATOR_REPOSITORY_URL": "github://github.com/acme/shop",
        "ORCHESTRATOR_REPOSITORY_SECRET": "orchestrator/github",
        "ORCHESTRATOR_REPOSITORY_PROXY": "http://proxy.example.com:3128",
        "ORCHESTRATOR_BRANCH": "trunk",
    }


def test_the_buildspec_runs_the_command_that_a_person_can_run(with_options: Template, resources: Find) -> None:
    """On the Python that the bundle's libraries were compiled for."""
    (project,) = resources(with_options, "AWS::CodeBuild::Project")
    spec = yaml.safe_load(project["Source"]["BuildSpec"])
    assert spec["version"] == "0.2"
    assert spec["phases"]["install"]["runtime-versions"] == {"python": "3.13"}
    assert spec["phases"]["build"]["commands"][-1] == "bin/python -m orchestrator.cli.main build-task"


def test_the_project_may_read_sources_write_its_log_and_ask_for_sessions(with_options: Template) -> None:
    """And nothing more: no releases, no ledger, no answers to executions, no other log, no report groups."""
    assert allowed(with_options, "orchestrator-codebuild") == {
        "logs:CreateLogStream": ["arn:aws:logs:eu-west-1:111111111111:log-group:/aws/codebuild/orchestrator-build:*"],
        "logs:PutLogEvents": ["arn:aws:logs:eu-west-1:111111111111:log-group:/aws/codebuild/orchestrator-build:*"],
        "s3:GetObject": [f"{BUCKET}/bundles/*", SURVEY],
        "s3:ListBucket": [BUCKET],
        "lambda:InvokeFunction": [BEGIN_PUBLISH],
        "secretsmanager:GetSecretValue": [GITHUB_SECRET],
    }


def test_promotions_may_start_watch_and_stop_builds_of_that_project(with_options: Template) -> None:
    """And hear of their end through the one rule that Step Functions keeps for it."""
    granted = allowed(with_options, "orchestrator-promotion")
    rule = "arn:aws:events:eu-west-1:111111111111:rule/StepFunctionsGetEventForCodeBuildStartBuildRule"
    assert {action: arns for action, arns in granted.items() if not action.startswith("lambda:")} == {
        **{f"codebuild:{action}": [PROJECT] for action in ("StartBuild", "StopBuild", "BatchGetBuilds")},
        **{f"events:{action}": [rule] for action in ("PutTargets", "PutRule", "DescribeRule")},
    }


def test_nothing_else_is_granted_to_roles(with_options: Template, resources: Find) -> None:
    """What CDK would add by itself is less exact."""
    assert not resources(with_options, "AWS::IAM::Policy")
    (role,) = [one for one in resources(with_options, "AWS::IAM::Role") if one["RoleName"] == "orchestrator-codebuild"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "codebuild.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}


def test_its_log_is_kept_for_a_while(with_options: Template, resources: Find) -> None:
    """Not for ever, as a log group that CodeBuild makes would be."""
    groups = {one["LogGroupName"]: one["RetentionInDays"] for one in resources(with_options, "AWS::Logs::LogGroup")}
    assert groups["/aws/codebuild/orchestrator-build"] == 90


def test_cfn_lint_finds_no_fault(with_options: Template, tmp_path: Path) -> None:
    """W3005 is CDK's habit of naming dependencies that are there anyway."""
    file = tmp_path / "orchestrator.json"
    file.write_text(json.dumps(with_options))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--ignore-checks", "W3005", "--", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
