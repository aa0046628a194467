"""Attacks on the embedded cloud, with IAM enforced and the roles' real policies: what may be written by whom."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.aws.session import CLIENT
from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.infrastructure import LEDGER_TABLE, TOKENS_TABLE, decisions_bucket
from orchestrator.config.organization import Organization
from orchestrator.local.cloud import LocalCloud, free_port
from tests.ledger_table import make_ledger_table

REGION, TOOLING = "eu-west-1", "111111111111"
BUCKET = decisions_bucket(TOOLING, REGION)
KEY = "decisions/orders/prod/r1.json"
ROLES = ("decide", "deploy", "request-approval", "smoke-test", "builder", "on-merge")
DENIED = {"AccessDenied", "AccessDeniedException"}

Open = Callable[[str], boto3.Session]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens the tooling account with a role of the orchestrator; as its root without a name."""
    local = LocalCloud(tmp_path_factory.mktemp("cloud"), free_port())
    local.up()
    root = session_of(local, aws_access_key_id=TOOLING, aws_secret_access_key="test")
    templates = {name: json.loads(text) for name, text in synthesize(organization(), validate=False).items()}
    install(root, templates)

    def open_as(role: str) -> boto3.Session:
        if not role:
            return root
        arn = f"arn:aws:iam::{TOOLING}:role/orchestrator-{role}"
        found = root.client("sts", config=CLIENT).assume_role(RoleArn=arn, RoleSessionName="mallory")["Credentials"]
        return session_of(
            local,
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
        )

    yield open_as
    local.down()


def organization() -> Organization:
    """One environment."""
    return Organization.model_validate(
        {
            "tooling": {"account": TOOLING, "region": REGION},
            "environments": [{"name": "prod", "account": "222222222222", "region": REGION}],
            "repository": {"url": "file:///repository"},
        }
    )


def session_of(cloud: LocalCloud, **credentials: str) -> boto3.Session:
    """A session for the embedded cloud, whatever the environment variables say."""
    process = cloud.running()
    assert process is not None
    file = cloud.folder / "sessions-config"
    file.write_text(f"[default]\nendpoint_url = {process.endpoint_url}\n")
    core = botocore.session.Session()
    core.set_config_variable("config_file", str(file))
    core.set_config_variable("ca_bundle", str(process.certificate))
    return boto3.Session(botocore_session=core, region_name=REGION, **credentials)


def install(root: boto3.Session, templates: dict[str, Any]) -> None:
    """Make the stack of decisions as it is, the ledger, and some roles with their own policies."""
    cloudformation = root.client("cloudformation", config=CLIENT)
    body = json.dumps(templates["orchestrator-decisions"])
    cloudformation.create_stack(StackName="orchestrator-decisions", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="orchestrator-decisions", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    make_ledger_table(root, LEDGER_TABLE)
    iam = root.client("iam", config=CLIENT)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{TOOLING}:root"}, "Action": "sts:AssumeRole"}
    for resource in templates["orchestrator"]["Resources"].values():
        role = resource["Properties"]
        if resource["Type"] == "AWS::IAM::Role" and role["RoleName"].removeprefix("orchestrator-") in ROLES:
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            iam.create_role(RoleName=role["RoleName"], AssumeRolePolicyDocument=document)
            for policy in role["Policies"]:
                text = json.dumps(policy["PolicyDocument"])
                iam.put_role_policy(RoleName=role["RoleName"], PolicyName=policy["PolicyName"], PolicyDocument=text)


def outcome(call: Callable[[], object]) -> str:
    """What became of a call: "done", or its error's code."""
    try:
        call()
    except ClientError as error:
        return error_code(error)
    return "done"


def put_item(opened: Open, role: str, partition: str) -> str:
    """Put an item into a partition of the ledger as a role."""
    table = opened(role).resource("dynamodb", config=CLIENT).Table(LEDGER_TABLE)
    return outcome(lambda: table.put_item(Item={"pk": partition, "sk": "x", "status": "APPROVED"}))


@pytest.mark.parametrize(
    ("role", "partition"),
    [
        ("builder", "APPROVALS#orders"),
        ("builder", "DECISIONS#orders"),
        ("builder", "GOOD#prod"),
        ("builder", "TRAIN#billing-42"),
        ("on-merge", "APPROVALS#orders"),
        ("deploy", "APPROVALS#orders"),
        ("deploy", "GOOD#prod"),
        ("request-approval", "DECISIONS#orders"),
        ("smoke-test", "RELEASES#orders"),
        ("decide", "UNIT#orders"),
        ("decide", "PROMOTIONS#orders"),
    ],
)
def test_one_item_in_the_partition_of_another_is_refused(opened: Open, role: str, partition: str) -> None:
    """Whatever it says, nobody ever reads it."""
    assert put_item(opened, role, partition) in DENIED


@pytest.mark.parametrize(
    ("role", "partition"),
    [("decide", "DECISIONS#orders"), ("smoke-test", "GOOD#prod"), ("request-approval", "APPROVALS#train/billing-42")],
)
def test_its_own_partitions_a_role_writes(opened: Open, role: str, partition: str) -> None:
    """Else the refusals above would show nothing."""
    assert put_item(opened, role, partition) == "done"


def test_a_query_of_another_partition_and_a_scan_are_refused(opened: Open) -> None:
    """Reading is limited as well; a call that names no partition is within none."""
    client = opened("smoke-test").client("dynamodb", config=CLIENT)
    query: dict[str, Any] = {"TableName": LEDGER_TABLE, "KeyConditionExpression": "pk = :pk"}
    own, other = ({":pk": {"S": name}} for name in ("GOOD#prod", "APPROVALS#orders"))
    assert outcome(lambda: client.query(**query, ExpressionAttributeValues=own)) == "done"
    assert outcome(lambda: client.query(**query, ExpressionAttributeValues=other)) in DENIED
    assert outcome(lambda: client.scan(TableName=LEDGER_TABLE)) in DENIED


@pytest.mark.parametrize("role", ["builder", "deploy", "smoke-test", "on-merge"])
def test_task_tokens_are_not_read(opened: Open, role: str) -> None:
    """Whoever held one could answer the promotion that waits."""
    client = opened(role).client("dynamodb", config=CLIENT)
    assert outcome(lambda: client.get_item(TableName=TOKENS_TABLE, Key={"request": {"S": "r"}})) in DENIED


@pytest.mark.parametrize("role", ["", "builder", "deploy", "request-approval"])
def test_nobody_but_decide_writes_a_decision(opened: Open, role: str) -> None:
    """Not even the account's administrator, as long as the bucket's policy stands."""
    s3 = opened(role).client("s3", config=CLIENT)
    key = f"decisions/orders/prod/by-{role or 'root'}.json"
    said = outcome(lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}", IfNoneMatch="*"))
    assert said in DENIED or not role  # The embedded cloud asks no policy of its root.


def test_decide_writes_a_decision_once_and_does_not_delete_it(opened: Open) -> None:
    """Without the condition it may not write at all, so it cannot forget it."""
    s3 = opened("decide").client("s3", config=CLIENT)
    assert outcome(lambda: s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"{}")) in DENIED
    assert outcome(lambda: s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"{}", IfNoneMatch="*")) == "done"
    assert outcome(lambda: s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"[]", IfNoneMatch="*")) == "PreconditionFailed"
    assert outcome(lambda: s3.delete_object(Bucket=BUCKET, Key=KEY)) in DENIED
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"{}"
    assert opened("deploy").client("s3", config=CLIENT).get_object(Bucket=BUCKET, Key=KEY)["VersionId"] != "null"
