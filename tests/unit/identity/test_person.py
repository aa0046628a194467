"""The person behind an ARN: properties of what is proven."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import RequestError
from orchestrator.identity.person import Person, matches, may_be, meant_by, person_of

PARTITIONS = st.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-iso-b"])
ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii)
NAMES = st.from_regex(r"[A-Za-z0-9+=,.@_-]{2,64}", fullmatch=True)
PATHS = st.sampled_from(["", "team/", "team/a/", "aws-reserved/sso.amazonaws.com/eu-west-1/"])
SINGLE_SIGN_ON = "AWSReservedSSO_Release_0123456789abcdef"


def session(partition: str, account: str, role: str, name: str) -> str:
    """ARN of a role's session."""
    return f"arn:{partition}:sts::{account}:assumed-role/{role}/{name}"


@given(PARTITIONS, ACCOUNTS, NAMES, NAMES, NAMES)
def test_all_sessions_of_a_role_are_one_person(
    partition: str, account: str, role: str, first: str, second: str
) -> None:
    """Whatever they are called."""
    person = person_of(session(partition, account, role, first))
    assert person == person_of(session(partition, account, role, second))
    assert person == Person(f"arn:{partition}:iam::{account}:role/{role}", account, (person.arn,))


@given(PARTITIONS, ACCOUNTS, PATHS, NAMES, NAMES, NAMES)
def test_sessions_of_a_role_that_names_them_are_persons(
    partition: str, account: str, path: str, role: str, first: str, second: str
) -> None:
    """The role is given with its path, which sessions do not tell; another role is not meant."""
    named = [f"arn:{partition}:iam::{account}:role/{path}{role}"]
    one, other = (person_of(session(partition, account, role, name), named) for name in (first, second))
    assert (one == other) is (first == second)
    assert one.arn == session(partition, account, role, first)
    assert person_of(session(partition, account, f"{role[:-1]}x"[:64], first), named).is_role is (role[-1] != "x")
    elsewhere = f"{(int(account) + 1) % 10**12:012}"
    assert person_of(session(partition, elsewhere, role, first), named).is_role


@given(PARTITIONS, ACCOUNTS, NAMES)
def test_sessions_of_single_sign_on_are_persons(partition: str, account: str, name: str) -> None:
    """Only of roles that are called as it calls them."""
    assert not person_of(session(partition, account, SINGLE_SIGN_ON, name)).is_role
    for role in (SINGLE_SIGN_ON[:-1], f"x{SINGLE_SIGN_ON}"[:64], SINGLE_SIGN_ON.replace("_Release", "")):
        assert person_of(session(partition, account, role, name)).is_role


@given(PARTITIONS, ACCOUNTS, PATHS, NAMES)
def test_users_and_the_root_are_persons(partition: str, account: str, path: str, name: str) -> None:
    """As they are."""
    for arn in (f"arn:{partition}:iam::{account}:user/{path}{name}", f"arn:{partition}:iam::{account}:root"):
        assert person_of(arn) == Person(arn, account, (arn,))


_ARNS = st.from_regex(
    r"arn:(aws|aws-cn|evil|):(iam|sts|s3):(|eu-west-1):([0-9]{11,13}|):"
    r"(user|role|root|assumed-role|federated-user|group)(/[a-z*?/\n ]{0,6}){0,3}",
    fullmatch=True,
)


@given(_ARNS | st.text())
def test_what_is_not_known_identifies_nobody(arn: str) -> None:
    """Whatever is a person is a user, a root, a role, or a session whose role names it."""
    with suppress(RequestError):
        person = person_of(arn)
        assert re.fullmatch(r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:(root|user/[!-~]+|role/[^/\s]+)", person.arn)


@pytest.mark.parametrize(
    ("pattern", "does"),
    [
        ("arn:aws:iam::111111111111:role/release-*", True),
        ("arn:aws:iam::111111111111:role/team/release-manager", True),
        ("arn:aws:iam::111111111111:role/team/release-*", False),
        ("*/alice", False),
        ("*:assumed-role/release-manager/*", False),
        ("arn:aws:sts::111111111111:assumed-role/release-manager/alice", False),
        ("*", True),
    ],
)
def test_a_pattern_looks_at_what_is_proven(pattern: str, does: bool) -> None:  # noqa: FBT001  # A case.
    """Of a session, the role; an exact role may be written with its path."""
    assert matches(pattern, person_of(session("aws", "1" * 12, "release-manager", "alice"))) is does


def test_whoever_may_be_meant_is_taken_for_it_where_that_excludes() -> None:
    """A session that is named in `[people]` may be any session of a role that names none."""
    named = "arn:aws:sts::111111111111:assumed-role/release-manager/ada"
    person = person_of(session("aws", "1" * 12, "release-manager", "ben"))
    assert may_be(named, person)
    assert may_be(named.replace("ada", "*"), person)
    assert not may_be(named, person_of(session("aws", "1" * 12, "developer", "ada")))
    assert not may_be(named, person_of(session("aws", "1" * 12, "release-manager", "ben"), [person.arn]))


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("arn:aws:iam::111111111111:user/ada", 1),
        ("arn:aws:iam::111111111111:role/team/release", 1),
        ("arn:aws:iam::111111111111:role/named", None),
        ("arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/" + SINGLE_SIGN_ON, None),
        (f"arn:aws:sts::111111111111:assumed-role/{SINGLE_SIGN_ON}/ada", 1),
        ("arn:aws:sts::111111111111:assumed-role/release/ada", 0),
        ("arn:aws:iam::111111111111:user/*", None),
        ("ada", 0),
    ],
)
def test_a_pattern_means_so_many_persons(pattern: str, number: int | None) -> None:
    """None for any number of them."""
    meant = meant_by(pattern, ["arn:aws:iam::111111111111:role/named"])
    assert (None if meant is None else len(meant)) == number
