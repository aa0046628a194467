"""What the tooling stack has besides when the repository is on GitHub."""

import json
from collections.abc import Callable
from typing import Any

from tests.infra.policies import GITHUB_SECRET, allowed

# One worker synthesizes for all of them.
Template = dict[str, Any]
Find = Callable[[Template, str], list[Template]]
ACTION = "secretsmanager:GetSecretValue"


def test_only_who_reads_the_repository_reads_its_credentials(with_options: Template) -> None:
    """By the secret's name, which nothing else has."""
    roles = [
        one["Properties"]["RoleName"] for one in with_options["Resources"].values() if one["Type"] == "AWS::IAM::Role"
    ]
    reading = [role for role in roles if GITHUB_SECRET in allowed(with_options, role).get(ACTION, [])]
    assert sorted(reading) == [
        "orchestrator-builder",
        "orchestrator-codebuild",
        "orchestrator-on-merge",
        "orchestrator-plan",
        "orchestrator-preview",
        "orchestrator-resolve-release",
        "orchestrator-start-promotion",
    ]


def test_whoever_reads_the_repository_knows_the_proxy(with_options: Template, resources: Find) -> None:
    """It leads to the host that the credentials are for."""
    functions = resources(with_options, "AWS::Lambda::Function")
    settings = [one["Environment"]["Variables"] for one in functions]
    reading = [one for one in settings if "ORCHESTRATOR_REPOSITORY_SECRET" in one]
    assert len(reading) == 5
    assert {one["ORCHESTRATOR_REPOSITORY_PROXY"] for one in reading} == {"http://proxy.example.com:3128"}


def test_other_repositories_need_no_secret(tooling: Template) -> None:
    """Nobody may read any."""
    assert "secretsmanager" not in json.dumps(tooling)


def test_the_webhook_reads_its_secret_writes_its_items_and_tells_of_pushes(with_options: Template) -> None:
    """And nothing else: it is the one function that anybody may call."""
    log = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/orchestrator-webhook:*"
    ledger = "arn:aws:dynamodb:eu-west-1:111111111111:table/orchestrator-ledger"
    assert allowed(with_options, "orchestrator-webhook") == {
        "logs:CreateLogStream": [log],
        "logs:PutLogEvents": [log],
        ACTION: ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:orchestrator/github-webhook-??????"],
        "dynamodb:PutItem": [ledger],
        "dynamodb:DeleteItem": [ledger],
        "events:PutEvents": ["arn:aws:events:eu-west-1:111111111111:event-bus/default"],
    }
    (role,) = [
        one["Properties"]
        for one in with_options["Resources"].values()
        if one["Properties"].get("RoleName") == "orchestrator-webhook"
    ]
    conditions = [one.get("Condition") for one in role["Policies"][0]["PolicyDocument"]["Statement"]]
    keys = "dynamodb:LeadingKeys"
    assert {"ForAllValues:StringLike": {keys: ["DELIVERY"]}, "Null": {keys: "false"}} in conditions
    assert {
        "ForAllValues:StringEquals": {"events:source": ["orchestrator"], "events:detail-type": ["Push"]}
    } in conditions


def test_the_webhook_has_an_address_for_everybody_and_cannot_starve_the_others(
    with_options: Template, resources: Find
) -> None:
    """No other function has one."""
    (url,) = resources(with_options, "AWS::Lambda::Url")
    assert url["AuthType"] == "NONE"
    functions = {one["FunctionName"]: one for one in resources(with_options, "AWS::Lambda::Function")}
    webhook = functions.pop("orchestrator-webhook")
    assert (webhook["ReservedConcurrentExecutions"], webhook["Timeout"]) == (5, 15)
    assert not [one for one in functions.values() if "ReservedConcurrentExecutions" in one]
    anybody = [one for one in resources(with_options, "AWS::Lambda::Permission") if one["Principal"] == "*"]
    assert sorted(one["Action"] for one in anybody) == ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]
    for one in anybody:
        assert one.get("FunctionUrlAuthType") == "NONE" or one["InvokedViaFunctionUrl"] is True
        assert "webhook" in str(one["FunctionName"])


def test_the_webhooks_secret_is_made_and_is_in_no_template(with_options: Template, resources: Find) -> None:
    """Long, random, and known to Secrets Manager alone."""
    (secret,) = resources(with_options, "AWS::SecretsManager::Secret")
    assert secret["GenerateSecretString"]["PasswordLength"] == 40
    assert "SecretString" not in secret


def test_other_repositories_have_no_webhook(tooling: Template, resources: Find) -> None:
    """Nothing in the account can be called from outside."""
    assert not resources(tooling, "AWS::Lambda::Url")
    assert "orchestrator-webhook" not in json.dumps(tooling)
