"""The permissions boundary of an environment."""

from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.config.environment import Environment

_ACCOUNT = "222222222222"
_OTHER = "333333333333"


def environment(boundary: str, *accounts: str) -> Environment:
    """An environment in some accounts."""
    targets: list[dict[str, Any]] = [{"account": one, "region": "eu-west-1"} for one in accounts]
    return Environment.model_validate({"name": "prod", "targets": targets, "permissions_boundary": boundary})


@pytest.mark.parametrize(
    ("boundary", "arn"),
    [
        ("unit-boundary", f"arn:aws:iam::{_ACCOUNT}:policy/unit-boundary"),
        ("units/boundary", f"arn:aws:iam::{_ACCOUNT}:policy/units/boundary"),
        (f"arn:aws:iam::{_ACCOUNT}:policy/unit-boundary", f"arn:aws:iam::{_ACCOUNT}:policy/unit-boundary"),
        ("arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/PowerUserAccess"),
    ],
)
def test_a_boundary_is_named_by_its_name_or_its_arn(boundary: str, arn: str) -> None:
    """A name is one of each account."""
    assert environment(boundary, _ACCOUNT).boundary_in(_ACCOUNT) == arn


def test_a_policy_of_one_account_bounds_no_roles_of_another() -> None:
    """IAM would refuse every role."""
    with pytest.raises(ValidationError, match=r"is not in the account 333333333333 of 'prod'. Write its name alone"):
        environment(f"arn:aws:iam::{_ACCOUNT}:policy/unit-boundary", _ACCOUNT, _OTHER)


@pytest.mark.parametrize("boundary", ["", "arn:aws:iam::1:policy/x", "a b", "arn:aws:s3:::bucket", "*"])
def test_what_names_no_policy_is_refused(boundary: str) -> None:
    """Before CloudFormation finds out."""
    with pytest.raises(ValidationError, match="permissions_boundary"):
        environment(boundary, _ACCOUNT)
