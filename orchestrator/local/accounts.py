"""The accounts of the embedded cloud: profiles to reach them, and the role that AWS Organizations would have made."""

import configparser
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.config.organization import Organization
from orchestrator.local.cloud import Process

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def profiles(organization: Organization) -> dict[str, tuple[str, str]]:
    """Account and region by profile: `tooling`, and one for each environment's first target."""
    targets = {one.name: (one.targets[0].account, one.targets[0].region) for one in organization.environments}
    return {"tooling": (organization.tooling.account, organization.tooling.region), **targets}


def write_profiles(file: Path, accounts: Mapping[str, tuple[str, str]], process: Process) -> None:
    """Write an AWS configuration file, so that the commands for AWS work on the embedded cloud as they are.

    On the embedded cloud an account's number is the access key of its root.
    """
    config = configparser.ConfigParser()
    for profile, (account, region) in accounts.items():
        config[f"profile {profile}"] = {
            "region": region,
            "endpoint_url": process.endpoint_url,
            "ca_bundle": str(process.certificate),
            "aws_access_key_id": account,
            "aws_secret_access_key": "test",
        }
    text = io.StringIO()
    config.write(text)
    file.write_text(text.getvalue())


def create_organization_role(iam: "IAMClient", management_account: str) -> None:
    """Give a member account the role that AWS Organizations gives it, unless it has it."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{management_account}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    try:
        iam.create_role(RoleName=ORGANIZATION_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    except ClientError as error:
        if error_code(error) != "EntityAlreadyExists":
            raise
    iam.attach_role_policy(RoleName=ORGANIZATION_ROLE, PolicyArn=_ADMINISTRATOR)
