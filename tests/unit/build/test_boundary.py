"""Roles of templates that lack the permissions boundary of an environment."""

from typing import Any

import pytest

from orchestrator.build.boundary import missing_boundaries
from orchestrator.config.environment import Environment

_ROLE = {"Type": "AWS::IAM::Role", "Properties": {}}
_BOUND = {"PermissionsBoundary": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/unit-boundary"}}
_FUNCTION = "AWS::Serverless::Function"


def environment(name: str, boundary: str | None) -> Environment:
    """An environment."""
    return Environment.model_validate(
        {"name": name, "account": "222222222222", "region": "eu-west-1", "permissions_boundary": boundary}
    )


def missing(template: dict[str, Any], boundary: str | None = "unit-boundary") -> list[str]:
    """What is said of a template that goes to dev, and to prod with a boundary."""
    environments = (environment("dev", None), environment("prod", boundary))
    return missing_boundaries(template, environments, "projects/orders/template.yaml")


@pytest.mark.parametrize(
    ("resource", "more", "is_told"),
    [
        (_ROLE, {}, True),
        ({**_ROLE, "Properties": _BOUND}, {}, False),
        ({"Type": _FUNCTION}, {}, True),
        ({"Type": _FUNCTION, "Properties": _BOUND}, {}, False),
        ({"Type": _FUNCTION, "Properties": {"Role": "arn:aws:iam::222222222222:role/app-orders"}}, {}, False),
        ({"Type": _FUNCTION}, {"Globals": {"Function": _BOUND}}, False),
        ({"Type": "AWS::Serverless::StateMachine"}, {"Globals": {"Function": _BOUND}}, True),
        ({"Type": "AWS::SQS::Queue"}, {}, False),
    ],
)
def test_roles_without_a_boundary_are_named(resource: dict[str, Any], more: dict[str, Any], *, is_told: bool) -> None:
    """Also those that SAM makes by itself."""
    assert bool(missing({"Resources": {"Api": resource}, **more})) is is_told


def test_the_sentence_says_where_to_set_it_and_who_asks_for_it() -> None:
    """In one sentence for all roles."""
    (said,) = missing({"Resources": {"Worker": _ROLE, "Api": _ROLE}})
    assert said.startswith("projects/orders/template.yaml: Api, Worker: no PermissionsBoundary is set")
    assert "asks for it in prod (unit-boundary)" in said
    assert "Globals.Function.PermissionsBoundary" in said


def test_nothing_is_said_where_no_environment_asks_for_one() -> None:
    """Most do not."""
    assert missing({"Resources": {"Api": _ROLE}}, boundary=None) == []
