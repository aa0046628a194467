"""The flow of a bootstrap in several accounts, with small templates in place of the real ones."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.aws.session import Assumer
from orchestrator.bootstrap.install import Bootstrap, Effect, Installed
from orchestrator.bootstrap.sessions import MemberAccounts
from orchestrator.config.organization import Lambda, Organization
from orchestrator.errors import AccessError
from tests.recorded import ADMINISTRATOR

REGION = "eu-west-1"
OWN_ACCOUNT = "123456789012"
DEV, PROD = "222222222222", "333333333333"


def template(bucket: str, *, parameters: tuple[str, ...] = ()) -> str:
    """A template with one bucket."""
    return json.dumps(
        {
            "Parameters": {name: {"Type": "String"} for name in parameters},
            "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}},
        }
    )


TABLE = json.dumps(
    {
        "Parameters": {"Administrators": {"Type": "CommaDelimitedList"}},
        "Resources": {
            "Guardrails": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "orchestrator-guardrails",
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                },
            }
        },
    }
)


def write_code(_platform: Lambda, into: Path) -> None:
    """Stands in for the Lambdas' code."""
    into.write_bytes(b"code")


def new_session(**arguments: Any) -> boto3.Session:
    """Makes sessions as `boto3.Session` does, and makes up for what moto does not do as AWS does."""
    session = boto3.Session(**arguments)
    answer: Any = protected  # A handler may answer in AWS's place; the stubs do not say so.
    session.events.register("before-call.cloudformation.UpdateTerminationProtection", answer)
    session.events.register("before-parameter-build.cloudformation.CreateChangeSet", spaced)
    return session


def protected(**_arguments: Any) -> tuple[SimpleNamespace, dict[str, str]]:
    """Answers for moto, which cannot protect a stack."""
    return SimpleNamespace(status_code=200), {}


def spaced(params: dict[str, Any], **_arguments: Any) -> None:
    """Keeps moto from refusing a change set at once when the text of the template is the same, which AWS does not."""
    params["TemplateBody"] += " " * next(spaces)


spaces = count(1)


def own_session(region: str) -> boto3.Session:
    """The tooling account's own session."""
    return new_session(region_name=region)


@pytest.fixture(scope="module")
def organization() -> Organization:
    """A tooling account and two targets."""
    return Organization.model_validate(
        {
            "tooling": {"account": OWN_ACCOUNT, "region": REGION, "administrators": [ADMINISTRATOR]},
            "environments": [
                {"name": "dev", "account": DEV, "region": REGION},
                {"name": "prod", "account": PROD, "region": REGION},
            ],
        }
    )


@pytest.fixture(scope="module")
def templates(organization: Organization) -> dict[str, str]:
    """One for each stack."""
    return {
        "orchestrator-artifacts": template(organization.tooling.bucket),
        "orchestrator-guardrails": TABLE,
        "orchestrator-decisions": template("decision-things"),
        "orchestrator": template("tooling-things", parameters=("BundleKey",)),
        "orchestrator-builds": template("build-things", parameters=("BundleKey",)),
        "orchestrator-trains": template("train-things", parameters=("BundleKey",)),
        "orchestrator-train-gates": template("gate-things"),
        f"orchestrator-target-{DEV}-{REGION}": template("dev-things"),
        f"orchestrator-target-{PROD}-{REGION}": template("prod-things"),
    }


@pytest.fixture(scope="module")
def bootstrap(organization: Organization, templates: dict[str, str]) -> Iterator[Bootstrap]:
    """A bootstrap of accounts that are all moto's."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_ACCESS_KEY_ID", "own")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "own")
        assume = Assumer(own_session(REGION).client("sts"), new_session)
        sessions = MemberAccounts(own_session, OWN_ACCOUNT, assume)
        yield Bootstrap(organization, sessions, templates, sleep=lambda _seconds: None, bundle=write_code)


@pytest.fixture(scope="module", autouse=True)
def first(bootstrap: Bootstrap) -> list[Installed]:
    """What the first run says."""
    return list(bootstrap.install())


def test_everything_is_created_in_the_order_in_which_it_is_needed(first: list[Installed]) -> None:
    """The bucket before the code, the code before the Lambdas, their roles before those that trust them."""
    assert [(one.what.split(" (")[0], one.where, one.effect) for one in first] == [
        ("stack orchestrator-artifacts", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("stack orchestrator-guardrails", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("guardrails, version 1", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("code of the Lambdas", f"orchestrator-artifacts-{OWN_ACCOUNT}-{REGION}", Effect.CREATED),
        ("stack orchestrator-decisions", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("stack orchestrator", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("stack orchestrator-builds", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("stack orchestrator-trains", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("stack orchestrator-train-gates", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("activity orchestrator-build", f"{OWN_ACCOUNT}/{REGION}", Effect.CREATED),
        ("stack orchestrator-target", f"{DEV}/{REGION}", Effect.CREATED),
        ("stack orchestrator-target", f"{PROD}/{REGION}", Effect.CREATED),
    ]


def test_a_second_run_changes_nothing_and_says_so(bootstrap: Bootstrap) -> None:
    """It can be run at any time, by anybody who wants to be sure."""
    assert {one.effect for one in bootstrap.install()} == {Effect.UNCHANGED}


def test_only_what_differs_is_changed(bootstrap: Bootstrap, templates: dict[str, str]) -> None:
    """A new version of the orchestrator that touches one stack updates that one."""
    changed = {**templates, f"orchestrator-target-{PROD}-{REGION}": template("other-things")}
    effects = [one.effect for one in replace(bootstrap, templates=changed).install()]
    back = [one.effect for one in bootstrap.install()]
    assert effects == back == [Effect.UNCHANGED] * (len(back) - 1) + [Effect.UPDATED]


def test_stacks_are_made_in_the_accounts_they_belong_to(bootstrap: Bootstrap) -> None:
    """Members are opened through their organization's role."""
    buckets = {
        account: [one["Name"] for one in bootstrap.sessions(account, REGION).client("s3").list_buckets()["Buckets"]]
        for account in (DEV, PROD)
    }
    assert buckets == {DEV: ["dev-things"], PROD: ["prod-things"]}


def test_the_lambdas_are_given_the_code_that_was_uploaded(organization: Organization) -> None:
    """By its digest: the same code is never uploaded twice, and other code never takes its place."""
    session = own_session(REGION)
    (stack,) = session.client("cloudformation").describe_stacks(StackName="orchestrator")["Stacks"]
    key = stack["Parameters"][0]["ParameterValue"]
    body = session.client("s3").get_object(Bucket=organization.tooling.bucket, Key=key)["Body"]
    assert body.read() == b"code"
    assert key.startswith("bundles/")


def test_nothing_is_changed_when_an_account_cannot_be_opened(bootstrap: Bootstrap, templates: dict[str, str]) -> None:
    """Half a bootstrap helps nobody: access to all accounts is tried first."""

    def refuse_prod(account: str, region: str) -> boto3.Session:
        if account == PROD:
            raise AccessError(f"no way into {account}")
        return bootstrap.sessions(account, region)

    changed = {**templates, "orchestrator-artifacts": template("elsewhere")}
    with pytest.raises(AccessError, match=PROD):
        list(replace(bootstrap, sessions=refuse_prod, templates=changed).install())
    assert {one.effect for one in bootstrap.install()} == {Effect.UNCHANGED}
