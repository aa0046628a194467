"""Data that a deployment would lose."""

import importlib.resources
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.change_set import ResourceChange
from orchestrator.steps.impact.stateful import STATEFUL, loses_data


def test_all_that_cfn_lint_calls_stateful_is() -> None:
    """Its list is data of its own, which the Lambdas do not carry."""
    text = importlib.resources.files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text()
    assert json.loads(text)["ResourceTypes"].keys() <= STATEFUL


@pytest.mark.parametrize(
    "type_",
    ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Kinesis::Stream", "AWS::RDS::DBInstance",
     "AWS::Logs::LogGroup", "AWS::Cognito::UserPool", "AWS::KMS::Key", "AWS::SecretsManager::Secret"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("action", "replacement", "conditional", "lost"),
    [
        ("Remove", False, False, True),
        ("Modify", True, False, True),
        ("Modify", False, True, True),
        ("Modify", False, False, False),
        ("Add", False, False, False),
        ("Dynamic", False, False, True),
        ("SomethingNew", False, False, True),
    ],
)
def test_what_is_removed_or_replaced_may_lose_data(
    type_: str, action: str, *, replacement: bool, conditional: bool, lost: bool
) -> None:
    """As may be what CloudFormation does not decide before it is at it."""
    change = ResourceChange(action=action, logical_id="X", type=type_, replacement=replacement, conditional=conditional)
    assert loses_data(change) == lost


@given(st.text(max_size=20).filter(lambda type_: type_ not in STATEFUL))
def test_other_resources_hold_no_data(type_: str) -> None:
    """A function is made anew at any time."""
    assert not loses_data(ResourceChange(action="Remove", logical_id="X", type=type_))
