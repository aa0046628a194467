"""Whose decision counts: the policy's properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.identity.person import matches
from orchestrator.identity.policy import (
    ApprovalPolicy,
    Authors,
    has_approved,
    is_author,
    missing,
    refusal,
    required,
    strictest,
    why_more,
)

ACCOUNT = "1" * 12
ALICE, BOB, CAROL = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("alice", "bob", "carol"))
MANAGER = f"arn:aws:sts::{ACCOUNT}:assumed-role/release-manager/anybody"
PEOPLE = st.sampled_from([ALICE, BOB, CAROL, MANAGER])
GROUPS = st.sampled_from(
    [(), ("*",), (f"arn:aws:iam::{ACCOUNT}:role/release-*",), ("*:user/alice", "*/bob"), ("arn:aws:iam::2*",)]
)
NOBODY = Authors((), complete=True)
STRANGER = Authors(("Eve <eve@example.com>",), complete=True)
ADA = Authors(("Ada <ada@example.com>",), complete=True)


def said(policy: ApprovalPolicy, who: str, authors: Authors = NOBODY, starter: str | None = None) -> str | None:
    """Why a decision at a gate of the account does not count."""
    return refusal(policy.model_copy(update={"accounts": (ACCOUNT,)}), who, authors, starter)


@given(st.lists(GROUPS, max_size=3), PEOPLE)
def test_an_approver_fits_one_of_each_group(groups: list[tuple[str, ...]], who: str) -> None:
    """More groups never let more people in."""
    policy = ApprovalPolicy(approvers=tuple(groups))
    fits = all(any(matches(pattern, policy.person(who)) for pattern in group) for group in groups)
    assert (said(policy, who) is None) is fits


@given(st.integers(1, 5), st.lists(PEOPLE))
def test_two_approvals_of_one_person_are_one(needed: int, approved_by: list[str]) -> None:
    """None is missing exactly when as many different people approved."""
    policy = ApprovalPolicy(approvals=needed)
    assert missing(policy, approved_by) == max(0, needed - len(set(approved_by)))
    assert all(has_approved(policy, who, approved_by) for who in approved_by)


def test_two_principals_of_one_entry_are_one_person() -> None:
    """Whoever has a user and a role approves once."""
    policy = ApprovalPolicy(approvals=2, people={"ada@example.com": (ALICE, "*:role/release-manager")})
    assert missing(policy, [ALICE, MANAGER]) == 1
    assert missing(policy, [ALICE, BOB]) == 0
    assert has_approved(policy, MANAGER, [ALICE])


@pytest.mark.parametrize(
    ("who", "author", "same"),
    [
        (f"{MANAGER}@example.com", "Anybody <Anybody@Example.com>", True),
        (MANAGER, "Anybody <anybody@example.com>", True),
        (ALICE, "alice@example.com", True),
        (ALICE, "Malice <malice@example.com>", False),
        (ALICE, "", False),
    ],
)
def test_an_author_nobody_has_mapped_is_known_by_the_address(who: str, author: str, same: bool) -> None:  # noqa: FBT001  # A case.
    """Whole, or what stands before its @, as the session's or user's name."""
    assert is_author(who, author) is same
    refused = said(ApprovalPolicy(excluded=("author",)), who, Authors((author,), complete=True))
    assert (refused is not None) is same


def test_an_author_who_is_mapped_is_the_principal_and_no_other() -> None:
    """A name that happens to be the same says nothing then."""
    policy = ApprovalPolicy(excluded=("author",), people={"Ada@example.com": (BOB,)})
    assert "wrote a part of the change (Ada <ada@example.com>)" in str(said(policy, BOB, ADA))
    assert said(policy, ALICE, ADA) is None
    assert said(policy, f"arn:aws:iam::{ACCOUNT}:user/ada", ADA) is None
    assert required(policy, ADA) == 1


def test_an_address_that_only_names_a_machine_is_mapped_to_nobody() -> None:
    """Such as that of the host, which commits what others wrote."""
    policy = ApprovalPolicy(excluded=("author",), people={"noreply@github.com": ()})
    authors = Authors(("GitHub <noreply@github.com>",), complete=True)
    assert required(policy, authors) == 1
    assert said(policy, ALICE, authors) is None


ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/developer"
SIGN_ON = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ada@example.com"


def pushed_by(*who: str) -> Authors:
    """A change of somebody who is known not to be meant, which was pushed by others."""
    return Authors((), complete=True, pushers=who)


@pytest.mark.parametrize(
    ("who", "pusher", "same"),
    [
        (ALICE, ALICE, True),
        (BOB, ALICE, False),
        (f"{ROLE}/ada", f"{ROLE}/somebody", True),
        (f"{ROLE}/ada", f"{ROLE}-2/ada", False),
        (SIGN_ON, SIGN_ON, True),
        (SIGN_ON, SIGN_ON.replace("ada@", "ben@"), False),
        (BOB, SIGN_ON, True),
        (BOB, "github:ADA-l", True),
        (SIGN_ON, "github:ada-L", True),
        (ALICE, "github:ada-L", False),
        (ALICE, "github:Alice", True),
        (SIGN_ON.replace("ada@", "eve@"), "github:eve", True),
        (ALICE, "github:malice", False),
        (ALICE, "github:alice <ada@example.com>", False),
    ],
)
def test_who_pushed_does_not_decide(who: str, pusher: str, same: bool) -> None:  # noqa: FBT001  # A case.
    """By what AWS proves of both, by [people], or by a login that nobody has mapped."""
    people = {"ada@example.com": (BOB, SIGN_ON), "github:Ada-L": (BOB, SIGN_ON)}
    refused = said(ApprovalPolicy(excluded=("author",), people=people), who, pushed_by(pusher))
    assert (f"pushed a part of the change ({pusher})" in str(refused)) is same
    assert said(ApprovalPolicy(people=people), who, pushed_by(pusher)) is None


@pytest.mark.parametrize("pusher", ["github:eve", "github:?", f"arn:aws:sts::{ACCOUNT}:federated-user/eve", "garbage"])
def test_who_pushed_and_is_not_known_costs_one_approval_or_all(pusher: str) -> None:
    """Like an author who is not known, until [people] says who it is."""
    more = ApprovalPolicy(excluded=("author",))
    assert (required(more, pushed_by(pusher)), said(more, ALICE, pushed_by(pusher))) == (2, None)
    assert f"[people] does not name {pusher}." in why_more(more, pushed_by(pusher))
    none = more.model_copy(update={"unmapped_authors": "refuse"})
    assert f"{pusher} wrote or pushed a part of the change, and [people]" in str(said(none, ALICE, pushed_by(pusher)))
    known = none.model_copy(update={"people": {pusher.upper(): ()}})
    assert (required(known, pushed_by(pusher)), said(known, ALICE, pushed_by(pusher))) == (1, None)


@pytest.mark.parametrize("pusher", [ALICE, f"{ROLE}/eve", SIGN_ON])
def test_a_principal_that_pushed_needs_no_mapping(pusher: str) -> None:
    """AWS proves who that is, or which role."""
    assert required(ApprovalPolicy(excluded=("author",), unmapped_authors="refuse"), pushed_by(pusher)) == 1
    assert said(ApprovalPolicy(excluded=("author",), unmapped_authors="refuse"), CAROL, pushed_by(pusher)) is None


@pytest.mark.parametrize("authors", [ADA, Authors((), complete=False)])
def test_an_author_who_is_not_known_costs_one_approval_or_all(authors: Authors) -> None:
    """Silence is never 'not the author'."""
    more = ApprovalPolicy(approvals=2, excluded=("author",))
    assert (required(more, authors), said(more, ALICE, authors)) == (3, None)
    assert required(ApprovalPolicy(approvals=2), authors) == 2
    none = ApprovalPolicy(excluded=("author",), unmapped_authors="refuse")
    assert "wrote or pushed a part of the change, and" in str(said(none, ALICE, ADA))
    assert "Not all authors of the change are known" in str(said(none, ALICE, Authors((), complete=False)))


@pytest.mark.parametrize(
    ("authors", "reason"),
    [
        (ADA, " That is one more than required_approvals, because [people] does not name Ada <ada@example.com>."),
        (
            Authors((), complete=False),
            " That is one more than required_approvals, because not all authors of the change are known.",
        ),
        (NOBODY, ""),
    ],
)
def test_an_approval_more_than_anybody_wrote_down_is_explained(authors: Authors, reason: str) -> None:
    """Approvers compare the number with orchestrator.toml."""
    assert why_more(ApprovalPolicy(approvals=2, excluded=("author",)), authors) == reason


def test_the_starter_is_excluded_only_where_the_policy_says_so() -> None:
    """As the same person, whatever the session is called."""
    policy = ApprovalPolicy(excluded=("starter",))
    assert said(ApprovalPolicy(), ALICE, starter=ALICE) is None
    assert "started the promotion" in str(said(policy, ALICE, starter=ALICE))
    assert "started the promotion" in str(said(policy, MANAGER, starter=MANAGER.replace("anybody", "other")))
    assert said(policy, ALICE) is None


@pytest.mark.parametrize(
    ("policy", "demands"),
    [({}, False), ({"approvals": 2}, True), ({"excluded": ["author"]}, True), ({"approvers": [["*"]]}, True)],
)
def test_identity_is_demanded_only_where_it_matters(policy: dict[str, object], demands: bool) -> None:  # noqa: FBT001  # A case.
    """Otherwise IAM on the gate is enough."""
    assert ApprovalPolicy.model_validate(policy).demands_identity is demands


POLICIES = st.builds(
    ApprovalPolicy,
    approvers=st.lists(GROUPS, max_size=2).map(tuple),
    approvals=st.integers(1, 3),
    excluded=st.sampled_from([(), ("author",), ("starter",), ("author", "starter")]),
    accounts=st.just((ACCOUNT,)),
    people=st.just({"ada@example.com": (BOB,)}),
    unmapped_authors=st.sampled_from(["one_more", "refuse"]),
)


@given(st.lists(POLICIES, min_size=1, max_size=3), PEOPLE, st.sampled_from([NOBODY, ADA, STRANGER, Authors()]))
def test_the_strictest_lets_nobody_decide_whom_one_of_them_refuses(
    policies: list[ApprovalPolicy], who: str, authors: Authors
) -> None:
    """Nor with fewer approvals."""
    combined = strictest(policies)
    if any(said(one, who, authors, ALICE) for one in policies):
        assert said(combined, who, authors, ALICE)
    assert required(combined, authors) >= max(required(one, authors) for one in policies)
