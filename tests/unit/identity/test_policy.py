"""Whose decision counts: the policy's properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.identity.policy import ApprovalPolicy, is_author, matches, missing, refusal

ALICE = "arn:aws:sts::111111111111:assumed-role/release-manager/alice"
PEOPLE = st.sampled_from([ALICE, ALICE.replace("alice", "bob"), "arn:aws:iam::111111111111:user/carol"])
GROUPS = st.sampled_from(
    [(), ("*",), ("arn:aws:iam::111111111111:role/release-*",), ("*:user/*", "*/bob"), ("arn:aws:iam::2*",)]
)


@given(st.lists(GROUPS, max_size=3), PEOPLE)
def test_an_approver_fits_one_of_each_group(groups: list[tuple[str, ...]], who: str) -> None:
    """More groups never let more people in."""
    said = refusal(ApprovalPolicy(approvers=tuple(groups)), who, "", None)
    fits = all(any(matches(pattern, who) for pattern in group) for group in groups)
    assert (said is None) is fits


@given(st.integers(1, 5), st.lists(PEOPLE))
def test_two_approvals_of_one_person_are_one(needed: int, approved_by: list[str]) -> None:
    """None is missing exactly when as many different people approved."""
    assert missing(ApprovalPolicy(approvals=needed), approved_by) == max(0, needed - len(set(approved_by)))


@pytest.mark.parametrize(
    ("who", "author", "same"),
    [
        (f"{ALICE}@example.com", "Alice <Alice@Example.com>", True),
        (ALICE, "Alice <alice@example.com>", True),
        ("arn:aws:iam::111111111111:user/alice", "alice@example.com", True),
        (ALICE, "Malice <malice@example.com>", False),
        (ALICE, "", False),
    ],
)
def test_an_author_is_known_by_the_address(who: str, author: str, same: bool) -> None:  # noqa: FBT001  # A case.
    """Whole, or what stands before its @, as the session's or user's name."""
    assert is_author(who, author) is same
    said = refusal(ApprovalPolicy(excluded=("author",)), who, [author], None)
    assert (said is not None) is same


def test_the_starter_is_excluded_only_where_the_policy_says_so() -> None:
    """By the very ARN."""
    assert refusal(ApprovalPolicy(), ALICE, "", ALICE) is None
    assert "started the promotion" in str(refusal(ApprovalPolicy(excluded=("starter",)), ALICE, "", ALICE))
    assert refusal(ApprovalPolicy(excluded=("starter",)), ALICE, "", None) is None


@pytest.mark.parametrize(
    ("policy", "demands"),
    [({}, False), ({"approvals": 2}, True), ({"excluded": ["author"]}, True), ({"approvers": [["*"]]}, True)],
)
def test_identity_is_demanded_only_where_it_matters(policy: dict[str, object], demands: bool) -> None:  # noqa: FBT001  # A case.
    """Otherwise IAM on the gate is enough."""
    assert ApprovalPolicy.model_validate(policy).demands_identity is demands
