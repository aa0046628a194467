"""A Lambda that makes one AWS call with its role's permissions, to see what that role may really do."""

from typing import Any

import boto3
from botocore.exceptions import ClientError


def handler(event: dict[str, Any], _context: object) -> str:
    """Make the call that the event describes; returns "OK" or the error's code."""
    try:
        session = assumed(event["assume"]) if "assume" in event else boto3.Session()
        client = session.client(event["service"], region_name=event["region"])
        getattr(client, event["operation"])(**event["parameters"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"


def assumed(request: dict[str, str]) -> boto3.Session:
    """A session with another role."""
    client: Any = boto3.client("sts")
    credentials = client.assume_role(RoleSessionName="probe", **request)["Credentials"]
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
