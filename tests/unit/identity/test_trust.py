"""Trust policies that fix the session's name, and those that only look so."""

from typing import Any

import pytest

from orchestrator.identity.trust import fixes_session_name

ROOT = "arn:aws:iam::111111111111:root"
ADA, BEN = (f"arn:aws:iam::111111111111:user/{name}" for name in ("ada", "ben"))
OWN = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}


def statement(principal: Any = ROOT, condition: Any = OWN, **more: Any) -> dict[str, Any]:
    """One statement."""
    named = principal if isinstance(principal, dict) else {"AWS": principal}
    return {"Effect": "Allow", "Principal": named, "Action": "sts:AssumeRole", "Condition": condition, **more}


def named(name: Any, operator: str = "StringEquals") -> dict[str, Any]:
    """A condition on the session's name."""
    return {operator: {"sts:RoleSessionName": name}}


def trust(*statements: Any, version: str = "2012-10-17") -> dict[str, Any]:
    """A trust policy."""
    return {"Version": version, "Statement": list(statements)}


@pytest.mark.parametrize(
    "document",
    [
        trust(statement()),
        {"Version": "2012-10-17", "Statement": statement()},
        trust(statement(principal="111111111111")),
        trust(statement(principal=[ADA, BEN])),
        trust(statement(condition={"StringEquals": {"STS:rolesessionname": ["${aws:username}"]}})),
        trust(statement(condition={**OWN, "Bool": {"aws:MultiFactorAuthPresent": "true"}})),
        trust(statement(Action=["sts:AssumeRole", "sts:TagSession"], Sid="people")),
        trust(statement(), {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:TagSession"}),
        trust(statement(), {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}),
        trust(statement(ADA, named("ada"))),
        trust(statement(ADA, named("ada")), statement(BEN, named("ben"))),
    ],
)
def test_a_name_that_nobody_can_choose_is_fixed(document: dict[str, Any]) -> None:
    """The user's own, or one for each user."""
    assert fixes_session_name(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        trust(),
        trust(statement(), version="2008-10-17"),
        trust("anything"),
        trust(statement(condition=None)),
        trust(statement(condition={})),
        trust(statement(), statement(condition={})),
        trust(statement(condition=named("${aws:username}", "StringLike"))),
        trust(statement(condition=named("${aws:username}", "StringEqualsIgnoreCase"))),
        trust(statement(condition=named("${aws:username}", "StringEqualsIfExists"))),
        trust(statement(condition=named("${aws:username}", "ForAnyValue:StringEquals"))),
        trust(statement(condition=named("${aws:username}", "StringNotEquals"))),
        trust(statement(condition=named(["${aws:username}", "release"]))),
        trust(statement(condition=named("${aws:PrincipalTag/name}"))),
        trust(statement(condition=named("${saml:sub}"))),
        trust(statement(condition=named("release"))),
        trust(statement([ADA, BEN], named(["ada", "ben"]))),
        trust(statement(ADA, named("ada")), statement(ADA, named("ben"))),
        trust(statement(ADA, named("ada")), statement(ROOT)),
        trust(statement(ADA, named("*"))),
        trust(statement("*")),
        trust(statement({"AWS": "*"})),
        trust(statement([ROOT, "arn:aws:iam::222222222222:root"])),
        trust(statement({"Federated": "arn:aws:iam::111111111111:saml-provider/x"})),
        trust(statement({"AWS": ROOT, "Service": "ec2.amazonaws.com"})),
        trust(statement("AIDAEXAMPLE")),
        trust(statement(Action="sts:*")),
        trust(statement(Action=["sts:AssumeRole", "sts:AssumeRoleWithSAML"])),
        trust({**statement(), "NotPrincipal": {"AWS": ADA}}),
        trust({key: value for key, value in statement().items() if key != "Action"} | {"NotAction": "sts:TagSession"}),
        trust(statement(), statement({"Service": "lambda.amazonaws.com"}, {})),
        trust(statement(Effect="allow")),
        trust(statement(Unknown="x")),
    ],
)
def test_what_leaves_a_choice_or_is_not_understood_fixes_nothing(document: dict[str, Any]) -> None:
    """Then the role is the person."""
    assert not fixes_session_name(document)
