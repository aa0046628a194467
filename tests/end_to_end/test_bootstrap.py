"""The bootstrap of five accounts on the embedded cloud, and what the roles it makes may really do there."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from orchestrator.aws.change_set import Readiness
from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume
from orchestrator.aws.stack import Stack
from orchestrator.aws.template import Template
from orchestrator.bootstrap.install import Bootstrap, Effect
from orchestrator.build.archive import zip_files
from orchestrator.config.infrastructure import BUILDER_ROLE, function_name
from orchestrator.config.organization import Organization
from orchestrator.config.stacks import target_template
from orchestrator.errors import AccessError, DeploymentError
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.deployment import template_source

Probe = Callable[..., str]
Call = tuple[str, str, dict[str, Any]]

REGION = "eu-west-1"
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}
ITEM = {"pk": {"S": "APPROVALS#orders"}, "sk": {"S": "prod"}}
BROKEN = {
    "Resources": {
        "Permissions": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "permissions",
                "Roles": ["nobody-has-this-role"],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
                },
            },
        }
    }
}
CALLERS = ["plan", "deploy", "smoke_test", "roll_back"]


@pytest.fixture(scope="module")
def tooling(installed: Organization, root_of: Callable[..., boto3.Session]) -> boto3.Session:
    """The tooling account, as its root."""
    return root_of(installed.tooling.account)


@pytest.fixture(scope="module")
def probe(installed: Organization, tooling: boto3.Session, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """Makes one call as a step's Lambda would; returns "OK" or the error's code."""
    code = tmp_path_factory.mktemp("probe") / "probe.zip"
    zip_files({"probe.py": Path(__file__).with_name("probe.py").read_bytes()}, code)
    client = tooling.client("lambda", config=CLIENT)
    known: set[str] = set()

    def call(step: str, service: str, operation: str, **event: Any) -> str:
        name = f"probe-{step}"
        if name not in known:
            client.create_function(
                FunctionName=name,
                Runtime="python3.11",
                Role=installed.tooling_role_arn(function_name(step)),
                Handler="probe.handler",
                Code={"ZipFile": code.read_bytes()},
                Timeout=30,
            )
            known.add(name)
        document = {"service": service, "operation": operation, "region": REGION, "parameters": {}, **event}
        answer = client.invoke(FunctionName=name, Payload=json.dumps(document))
        return str(json.loads(answer["Payload"].read()))

    return call


@pytest.fixture(scope="module")
def deployer(installed: Organization) -> dict[str, str]:
    """How dev's deployer role is assumed."""
    environment = installed.environment("dev")
    arn = environment.targets[0].role_arn(environment.deployer_role)
    return {"RoleArn": arn, "ExternalId": installed.external_id}


def test_a_first_bootstrap_creates_everything_and_a_second_changes_nothing(
    new_organization: Callable[[], Organization], bootstrap_of: Callable[[Organization], Bootstrap]
) -> None:
    """Five accounts: eleven stacks, the first guardrails, the Lambdas' code and the activity."""
    bootstrap = bootstrap_of(new_organization())
    first, second = list(bootstrap.install()), list(bootstrap.install())
    assert [one.effect for one in first] == [Effect.CREATED] * 14
    assert [one.effect for one in second] == [Effect.UNCHANGED] * 14
    assert [one.what for one in second] == [one.what for one in first]


def test_a_failure_says_where_and_why_and_the_next_run_heals_it(
    new_organization: Callable[[], Organization], bootstrap_of: Callable[[Organization], Bootstrap]
) -> None:
    """What a failed creation leaves behind is removed first."""
    organization = new_organization()
    bootstrap = bootstrap_of(organization)
    (target,) = organization.environment("test").targets
    broken = {**bootstrap.templates, target_template(target): json.dumps(BROKEN)}
    with pytest.raises(DeploymentError, match=rf"orchestrator-target in {target} failed .*: Permissions") as caught:
        list(replace(bootstrap, templates=broken).install())
    assert "nobody-has-this-role" in str(caught.value)
    effects = [one.effect for one in bootstrap.install()]
    assert effects == [Effect.UNCHANGED] * 11 + [Effect.CREATED] * 3


def test_all_stacks_are_protected_from_termination(
    installed: Organization, root_of: Callable[..., boto3.Session]
) -> None:
    """Nobody deletes the ledger or a bucket by mistake."""
    accounts = [installed.tooling.account, *(target.account for target in installed.targets)]
    stacks = [
        stack
        for account in accounts
        for stack in root_of(account).client("cloudformation", config=CLIENT).describe_stacks()["Stacks"]
    ]
    assert len(stacks) == 11
    assert {stack["StackStatus"] for stack in stacks} == {"CREATE_COMPLETE"}
    assert all(stack.get("EnableTerminationProtection") for stack in stacks)


def test_an_installed_lambda_runs_its_handler(tooling: boto3.Session) -> None:
    """It complains of the event, which is empty: so its code was found, unpacked and imported."""
    answer = tooling.client("lambda", config=CLIENT).invoke(FunctionName=function_name("decide"), Payload=b"{}")
    assert "This is not what the function takes" in answer["Payload"].read().decode()


@pytest.mark.parametrize("step", CALLERS)
def test_the_lambdas_that_work_in_targets_may_assume_the_deployer(
    probe: Probe, deployer: dict[str, str], step: str
) -> None:
    """With the external id that its trust policy asks for."""
    assert probe(step, "sts", "get_caller_identity", assume=deployer) == "OK"


@pytest.mark.parametrize("changes", [{"ExternalId": "somebody-else"}, {"ExternalId": None}])
def test_the_deployer_cannot_be_assumed_without_the_external_id(
    probe: Probe, deployer: dict[str, str], changes: dict[str, str | None]
) -> None:
    """Another external id and none are both refused."""
    request = {key: value for key, value in {**deployer, **changes}.items() if value is not None}
    assert probe("plan", "sts", "get_caller_identity", assume=request) in DENIED


@pytest.mark.parametrize("step", ["decide", "on_merge", "resolve_release", "on_promotion_change"])
def test_no_other_lambda_may_assume_the_deployer(probe: Probe, deployer: dict[str, str], step: str) -> None:
    """Neither their own policy nor the trust policy allows it."""
    assert probe(step, "sts", "get_caller_identity", assume=deployer) in DENIED


def test_who_may_not_assume_the_deployer_is_told_what_is_missing(
    installed: Organization,
    tooling: boto3.Session,
    new_session: Callable[..., boto3.Session],
    deployer: dict[str, str],
) -> None:
    """The trust policy names four roles; the tooling account's root is not among them."""
    assume = Assumer(tooling.client("sts", config=CLIENT), new_session)
    role = RoleToAssume(deployer["RoleArn"], "somebody", installed.external_id)
    with pytest.raises(AccessError) as caught:
        assume(role, REGION)
    for part in (role.arn, role.account, f"arn:aws:iam::{installed.tooling.account}:root", installed.external_id):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        (("cloudformation", "describe_stack_events", {"StackName": "app-orders"}), True),
        (("cloudformation", "describe_stack_events", {"StackName": "orchestrator-target"}), False),
        (("cloudformation", "delete_stack", {"StackName": "app-orders"}), True),
        (("cloudformation", "delete_stack", {"StackName": "billing"}), False),
        (("lambda", "get_function_configuration", {"FunctionName": "app-orders"}), True),
        (("lambda", "get_function_configuration", {"FunctionName": "billing"}), False),
        (("iam", "list_roles", {}), False),
    ],
)
def test_the_deployer_stays_within_the_prefix(
    probe: Probe, deployer: dict[str, str], call: Call, *, allowed: bool
) -> None:
    """What units' stacks are called begins with the prefix; nothing else of the account is touched."""
    service, operation, parameters = call
    answer = probe("deploy", service, operation, parameters=parameters, assume=deployer)
    assert (answer not in DENIED) is allowed, answer


def test_the_deployer_writes_releases_and_nothing_else(
    probe: Probe, deployer: dict[str, str], installed: Organization
) -> None:
    """What is not there is reported as missing: that is how a release is known not to be copied yet."""
    bucket = installed.environment("dev").targets[0].bucket

    def s3(operation: str, key: str, **more: str) -> str:
        parameters = {"Bucket": bucket, "Key": key, **more}
        return probe("deploy", "s3", operation, parameters=parameters, assume=deployer)

    assert s3("put_object", "projects/orders/a", Body="a") == "OK"
    assert s3("get_object", "projects/orders/a") == "OK"
    assert s3("get_object", "projects/orders/b") == "NoSuchKey"
    assert s3("put_object", "elsewhere", Body="a") in DENIED
    assert s3("delete_object", "projects/orders/a") in DENIED


@pytest.mark.parametrize(
    ("step", "call", "allowed"),
    [
        ("decide", ("dynamodb", "get_item", {"TableName": "orchestrator-ledger", "Key": ITEM}), True),
        ("deploy", ("dynamodb", "get_item", {"TableName": "orchestrator-ledger", "Key": ITEM}), False),
        ("on_merge", ("dynamodb", "put_item", {"TableName": "orchestrator-ledger", "Item": ITEM}), False),
        ("decide", ("dynamodb", "delete_table", {"TableName": "orchestrator-ledger"}), False),
        ("decide", ("dynamodb", "scan", {"TableName": "orchestrator-ledger"}), False),
        ("decide", ("s3", "get_object", {"Key": "projects/orders/a"}), False),
        ("plan", ("s3", "put_object", {"Key": "plans/orders/a", "Body": "a"}), True),
        ("plan", ("s3", "put_object", {"Key": "projects/orders/a", "Body": "a"}), False),
        ("smoke_test", ("s3", "put_object", {"Key": "plans/orders/a", "Body": "a"}), False),
        ("start_promotion", ("cloudformation", "delete_stack", {"StackName": "promote-orders"}), True),
        ("start_promotion", ("cloudformation", "delete_stack", {"StackName": "orchestrator"}), False),
        ("on_merge", ("cloudformation", "delete_stack", {"StackName": "promote-orders"}), False),
        ("on_merge", ("iam", "list_roles", {}), False),
    ],
)
def test_a_lambda_does_what_its_step_needs_and_no_more(
    probe: Probe, installed: Organization, step: str, call: Call, *, allowed: bool
) -> None:
    """Each has a role of its own."""
    service, operation, parameters = call
    bucket = {"Bucket": installed.tooling.bucket} if service == "s3" else {}
    answer = probe(step, service, operation, parameters={**parameters, **bucket})
    assert (answer not in DENIED) is allowed, answer


def test_build_workers_write_nothing_by_themselves(
    installed: Organization, tooling: boto3.Session, new_session: Callable[..., boto3.Session]
) -> None:
    """Releases are published with a session that is opened for one build."""
    credentials = tooling.client("sts", config=CLIENT).assume_role(
        RoleArn=installed.tooling_role_arn(BUILDER_ROLE), RoleSessionName="worker"
    )["Credentials"]
    worker = new_session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=REGION,
    ).client("s3", config=CLIENT)
    bucket = installed.tooling.bucket
    for key in ("projects/orders/release/0.1.0/manifest.json", "bundles/evil.zip"):
        with pytest.raises(worker.exceptions.ClientError, match="AccessDenied"):
            worker.put_object(Bucket=bucket, Key=key, Body=b"{}", IfNoneMatch="*")


def test_a_template_that_is_too_large_for_a_request_is_read_from_the_bucket(
    installed: Organization, tooling: boto3.Session
) -> None:
    """As unit stacks with many gates are, and those of bootstrap with many environments."""
    account, store = (
        installed.tooling.account,
        ArtifactStore(tooling.client("s3", config=CLIENT), installed.tooling.bucket),
    )
    cloudformation = tooling.client("cloudformation", config=CLIENT)
    stack = Stack(cloudformation, "large", f"{account}/{REGION}", time.sleep)
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "large"}}
    text = json.dumps({"Description": "Large", "Metadata": {"Why": "x" * 60_000}, "Resources": {"Queue": queue}})
    source = template_source(store, "templates/large.json", text.encode())
    assert list(source) == ["url"]
    change_set = stack.propose("first", Template(**source))
    assert stack.wait_for_change_set(change_set, 60).readiness is Readiness.READY
    stack.discard(change_set, and_stack=True)
