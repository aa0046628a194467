"""The tooling account's stacks."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# One worker synthesizes for all of them.
Template = dict[str, Any]
Find = Callable[[Template, str], list[Template]]

HANDLERS = {file.stem for file in Path("lambdas").glob("*.py")} - {"__init__", "edge", "webhook"}
STEPS = sorted(step for step in HANDLERS if "train" not in step)


@pytest.fixture(scope="module")
def with_builds(templates: dict[str, Template]) -> Template:
    """The tooling stack, with what lets builds publish."""
    stacks = [templates[name]["Resources"] for name in ("orchestrator", "orchestrator-builds")]
    return {"Resources": stacks[0] | stacks[1]}


def test_the_artifacts_bucket_is_private_versioned_and_kept(templates: dict[str, Template], resources: Find) -> None:
    """And reached over TLS only."""
    template = templates["orchestrator-artifacts"]
    (bucket,) = resources(template, "AWS::S3::Bucket")
    assert bucket["BucketName"] == "orchestrator-artifacts-111111111111-eu-west-1"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert "ServerSideEncryptionByDefault" in str(bucket["BucketEncryption"])
    (policy,) = resources(template, "AWS::S3::BucketPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (kept,) = [one for one in template["Resources"].values() if one["Type"] == "AWS::S3::Bucket"]
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_ledger_is_recoverable_and_kept(tooling: Template, resources: Find) -> None:
    """Point-in-time recovery, encryption and protection against deletion."""
    (table,) = resources(tooling, "AWS::DynamoDB::Table")
    assert table["TableName"] == "orchestrator-ledger"
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_every_handler_has_its_lambda(with_builds: Template, resources: Find) -> None:
    """One word per step: module, handler, function and role."""
    functions = {one["Handler"]: one for one in resources(with_builds, "AWS::Lambda::Function")}
    assert sorted(functions) == [f"lambdas.{step}.handler" for step in STEPS]
    roles = {one["RoleName"] for one in resources(with_builds, "AWS::IAM::Role")}
    for step in STEPS:
        name = f"orchestrator-{step.replace('_', '-')}"
        function = functions[f"lambdas.{step}.handler"]
        assert function["FunctionName"] == name
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["x86_64"]
        assert function["Code"] == {
            "S3Bucket": "orchestrator-artifacts-111111111111-eu-west-1",
            "S3Key": {"Ref": "BundleKey"},
        }
        assert name in roles


def test_every_lambda_is_given_the_settings_that_its_wiring_reads(
    with_options: Template, templates: dict[str, Template], resources: Find
) -> None:
    """A setting that is missing would show only when the step runs."""
    steps = "".join(path.read_text() for path in Path("orchestrator/wiring").glob("*.py"))
    # What the command line alone wires is told by its own settings.
    known = set(re.findall(r'settings(?:\[|\.get\()"(\w+)"', steps)) - {"begin_publish", "allow_unmerged"}
    given: set[str] = set()
    builds = resources(templates["orchestrator-builds"], "AWS::Lambda::Function")
    for function in (*resources(with_options, "AWS::Lambda::Function"), *builds):
        variables = function["Environment"]["Variables"]
        assert "ORCHESTRATOR_LEDGER_TABLE" in variables
        given |= {name.removeprefix("ORCHESTRATOR_").lower() for name in variables}
    assert given == known


@pytest.mark.parametrize("step", STEPS)
def test_a_lambda_writes_to_its_own_log_group_only(with_builds: Template, resources: Find, step: str) -> None:
    """Which keeps the logs for a while, not for ever."""
    name = f"orchestrator-{step.replace('_', '-')}"
    groups = {one["LogGroupName"]: one["RetentionInDays"] for one in resources(with_builds, "AWS::Logs::LogGroup")}
    assert groups[f"/aws/lambda/{name}"] == 90
    (role,) = [one for one in resources(with_builds, "AWS::IAM::Role") if one["RoleName"] == name]
    statement = role["Policies"][0]["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == f"arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/{name}:*"


def test_what_events_start_loses_nothing(tooling: Template, resources: Find) -> None:
    """An event that cannot be delivered and one that cannot be dealt with both end in the dead-letter queue."""
    queues = {one["QueueName"]: one for one in resources(tooling, "AWS::SQS::Queue")}
    queue = queues["orchestrator-dead-letters"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["SqsManagedSseEnabled"] is True
    rules = {one["Name"]: one for one in resources(tooling, "AWS::Events::Rule")}
    assert sorted(rules) == ["orchestrator-merge", "orchestrator-promotion-change", "orchestrator-reconcile"]
    for rule in rules.values():
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"]
    called = [one for one in resources(tooling, "AWS::Lambda::Function") if "DeadLetterConfig" in one]
    handlers = ["lambdas.on_merge.handler", "lambdas.on_promotion_change.handler"]
    assert sorted(one["Handler"] for one in called) == handlers


def test_the_begin_and_end_of_promotions_and_of_nothing_else_is_acted_on(tooling: Template, resources: Find) -> None:
    """Gates and other people's state machines also begin and end."""
    found = resources(tooling, "AWS::Events::Rule")
    rules = {one["Name"]: one["EventPattern"] for one in found if "EventPattern" in one}
    assert rules["orchestrator-merge"] == {"source": ["orchestrator"], "detail-type": ["Merge", "Push"]}
    assert rules["orchestrator-promotion-change"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [{"prefix": "arn:aws:states:eu-west-1:111111111111:stateMachine:promote-"}],
        },
    }


def test_the_branch_is_looked_at_without_any_event(tooling: Template, resources: Find) -> None:
    """As often as the organization says, which is every fifteen minutes."""
    (rule,) = [one for one in resources(tooling, "AWS::Events::Rule") if one["Name"] == "orchestrator-reconcile"]
    assert rule["ScheduleExpression"] == "rate(15 minutes)"
    (target,) = rule["Targets"]
    assert target["Input"] == '{"detail":{"branch":"trunk"}}'


def test_units_are_started_in_order_so_many_at_once(tooling: Template, resources: Find) -> None:
    """One batch of ten at a time in each of five calls; what fails again and again is put aside."""
    queues = {one["QueueName"]: one for one in resources(tooling, "AWS::SQS::Queue")}
    starts, dead = queues["orchestrator-starts.fifo"], queues["orchestrator-dead-starts.fifo"]
    assert (starts["FifoQueue"], dead["FifoQueue"]) == (True, True)
    assert starts["RedrivePolicy"]["maxReceiveCount"] == 5
    (source,) = resources(tooling, "AWS::Lambda::EventSourceMapping")
    assert source["BatchSize"] == 10
    assert source["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    (function,) = [
        one
        for one in resources(tooling, "AWS::Lambda::Function")
        if one["Handler"] == "lambdas.start_promotion.handler"
    ]
    assert starts["VisibilityTimeout"] == function["Timeout"] == 900
    assert function["Environment"]["Variables"]["ORCHESTRATOR_START_TRIES"] == "5"


def test_topics_and_queue_are_reached_over_tls_only(tooling: Template, resources: Find) -> None:
    """Their policies deny everything else."""
    documents = [
        one["PolicyDocument"]
        for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
        for one in resources(tooling, kind)
    ]
    assert len(documents) == 5
    for document in documents:
        assert any(
            one["Effect"] == "Deny" and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for one in document["Statement"]
        )


def test_topics_are_encrypted(tooling: Template, resources: Find) -> None:
    """Approvals and failures name units, versions and people."""
    topics = {one["TopicName"]: one["KmsMasterKeyId"] for one in resources(tooling, "AWS::SNS::Topic")}
    assert sorted(topics) == ["orchestrator-approvals", "orchestrator-failures"]
    assert all("alias/aws/sns" in str(key) for key in topics.values())


@pytest.mark.parametrize(
    ("role", "service"),
    [
        ("orchestrator-promotion", "states.amazonaws.com"),
        ("orchestrator-gate", "states.amazonaws.com"),
        ("orchestrator-unit-stack", "cloudformation.amazonaws.com"),
    ],
)
def test_services_take_their_roles_for_this_account_only(
    tooling: Template, resources: Find, role: str, service: str
) -> None:
    """Nobody makes the service act on this account from another one."""
    (found,) = [one for one in resources(tooling, "AWS::IAM::Role") if one["RoleName"] == role]
    (trust,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": service}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}
