"""The address that GitHub tells of pushes, and the secret that it signs them with."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from orchestrator.config.infrastructure import WEBHOOK_SECRET, WEBHOOK_URL

_SECRET_LENGTH = 40


def webhook(scope: Construct, function: lambda_.Function) -> None:
    """Make both.

    Args:
        scope: the tooling stack.
        function: what deals with deliveries; it checks their signatures itself, so anybody may call it.
    """
    secretsmanager.Secret(
        scope,
        "WebhookSecret",
        secret_name=WEBHOOK_SECRET,
        description="Promotion orchestrator: what GitHub signs deliveries with, and what it signed with before",
        generate_secret_string=secretsmanager.SecretStringGenerator(
            secret_string_template="{}",  # noqa: S106  # What the generated one is put into.
            generate_string_key="current",
            password_length=_SECRET_LENGTH,
            exclude_punctuation=True,
        ),
    )
    url = function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
    cdk.CfnOutput(scope, WEBHOOK_URL, value=url.url, description="Where GitHub sends deliveries to")
