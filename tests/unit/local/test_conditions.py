"""The embedded cloud evaluates the two condition keys that decisions and partitions rest on."""

import json
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key
from ministack.core import iam_actions
from moto import mock_aws

from orchestrator.local.conditions import complete_conditions, leading_keys
from tests.ledger_table import make_ledger_table

OTHERS = {"TableName": "ledger", "Key": {"pk": {"S": "B"}, "sk": {"S": "x"}}}


@pytest.mark.parametrize(
    ("request_", "keys"),
    [
        ({"Key": {"pk": {"S": "A"}, "sk": {"S": "x"}}}, ["A"]),
        ({"Item": {"pk": {"S": "A"}, "sk": {"S": "x"}, "of": {"M": {"pk": {"S": "no"}}}}}, ["A"]),
        ({"RequestItems": {"ledger": {"Keys": [{"pk": {"S": "A"}}, {"pk": {"S": "B"}}]}}}, ["A", "B"]),
        ({"RequestItems": {"ledger": [{"PutRequest": {"Item": {"pk": {"S": "A"}}}}]}}, ["A"]),
        ({"TransactItems": [{"ConditionCheck": OTHERS}, {"Put": {"Item": {"pk": {"S": "A"}}}}]}, ["A", "B"]),
        ({"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "A"}}}, ["A"]),
        ({"TableName": "ledger"}, []),
        ({"KeyConditionExpression": "sk = :a", "ExpressionAttributeValues": {":a": {"S": "A"}}}, []),
    ],
)
def test_every_partition_that_a_request_names_is_found(request_: dict[str, Any], keys: list[str]) -> None:
    """Of however many items it is about, and none where it names none."""
    assert leading_keys(request_) == keys


def test_a_query_as_boto3_writes_it_names_its_partition() -> None:
    """With names and values in other places than the condition."""
    seen: list[dict[str, Any]] = []
    with mock_aws():
        session = boto3.Session(region_name="eu-west-1")
        table = make_ledger_table(session)
        table.meta.client.meta.events.register(
            "before-call.dynamodb.Query", lambda params, **_: seen.append(json.loads(params["body"]))
        )
        table.query(KeyConditionExpression=Key("pk").eq("A") & Key("sk").begins_with("x"))
    assert [leading_keys(one) for one in seen] == [["A"]]


def test_the_embedded_cloud_is_given_them() -> None:
    """Beside those that it knows by itself."""
    complete_conditions()
    body = json.dumps({"TableName": "ledger", "Key": {"pk": {"S": "A"}}}).encode()
    assert iam_actions.dynamodb_service_context(body)["dynamodb:LeadingKeys"] == ["A"]
    assert "dynamodb:LeadingKeys" not in iam_actions.dynamodb_service_context(b"no json")
    headers = {"if-none-match": "*"}
    context = iam_actions.s3_service_context("s3:PutObject", {}, "/bucket/key", headers)
    assert context["s3:if-none-match"] == "*"
    assert "s3:if-none-match" not in iam_actions.s3_service_context("s3:PutObject", {}, "/bucket/key", {})
