"""Secrets, read when they are needed, and never a part of a message."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.errors import AccessError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def read_secret(client: "SecretsManagerClient", name: str) -> str:
    """Read a secret's text as it is now.

    Raises:
        AccessError: it cannot be read, or is no text.
    """
    try:
        answer = client.get_secret_value(SecretId=name)
    except (ClientError, BotoCoreError) as error:
        raise AccessError(
            f"The secret {name!r} cannot be read: {error}. It must be in Secrets Manager of the tooling account and "
            "region, encrypted with the key that is there anyway (aws/secretsmanager); 'orchestrator bootstrap' lets "
            "those read it who need it."
        ) from error
    if "SecretString" not in answer:
        raise AccessError(f"The secret {name!r} must be text, and is not.")
    return answer["SecretString"]
