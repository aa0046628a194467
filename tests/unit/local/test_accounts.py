"""The accounts of the embedded cloud."""

import configparser
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.config.organization import Organization
from orchestrator.local.accounts import ORGANIZATION_ROLE, create_organization_role, profiles, write_profiles
from orchestrator.local.cloud import Process

MANAGEMENT = "111111111111"


@pytest.fixture
def organization() -> Organization:
    """A tooling account and two environments."""
    return Organization.model_validate(
        {
            "tooling": {"account": MANAGEMENT, "region": "eu-west-1"},
            "environments": [
                {"name": "dev", "account": "222222222222", "region": "eu-west-1"},
                {"name": "prod", "account": "333333333333", "region": "us-east-1"},
            ],
        }
    )


def test_there_is_a_profile_for_the_tooling_account_and_for_each_environment(
    organization: Organization, tmp_path: Path
) -> None:
    """The commands for AWS then work on the embedded cloud as they are."""
    process = Process(pid=1, port=4566, token="t", certificate=tmp_path / "certificate.pem")
    write_profiles(tmp_path / "config", profiles(organization), process)
    config = configparser.ConfigParser()
    config.read(tmp_path / "config")
    assert config.sections() == ["profile tooling", "profile dev", "profile prod"]
    assert dict(config["profile prod"]) == {
        "region": "us-east-1",
        "endpoint_url": "https://127.0.0.1:4566",
        "ca_bundle": str(tmp_path / "certificate.pem"),
        "aws_access_key_id": "333333333333",
        "aws_secret_access_key": "test",
    }


def test_an_account_gets_its_organizations_role_once() -> None:
    """It trusts the management account; a second time changes nothing."""
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        iam = boto3.Session("key", "secret", region_name="eu-west-1").client("iam")
        for _ in range(2):
            create_organization_role(iam, MANAGEMENT)
        trust = iam.get_role(RoleName=ORGANIZATION_ROLE)["Role"]["AssumeRolePolicyDocument"]
        attached = iam.list_attached_role_policies(RoleName=ORGANIZATION_ROLE)["AttachedPolicies"]
    document: Any = trust if isinstance(trust, dict) else json.loads(trust)
    assert document["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}
    assert [one["PolicyName"] for one in attached] == ["AdministratorAccess"]
