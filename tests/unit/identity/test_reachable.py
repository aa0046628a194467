"""Policies that nobody can fulfil, or that protect nothing."""

from typing import Any

import pytest

from orchestrator.identity.policy import ApprovalPolicy
from orchestrator.identity.reachable import unreachable

ROLE, OTHER = (f"arn:aws:iam::111111111111:role/{name}" for name in ("release", "other"))
ADA, BEN, AWAY = (
    f"arn:aws:iam::{account}:user/{name}" for account, name in (("1" * 12, "ada"), ("1" * 12, "ben"), ("2" * 12, "cy"))
)


def said(**policy: Any) -> str | None:
    """What is wrong with a policy of the account."""
    return unreachable(ApprovalPolicy.model_validate({"accounts": ("1" * 12,), **policy}))


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"approvers": [[ROLE]]},
        {"approvers": [[ROLE, OTHER]], "approvals": 2},
        {"approvers": [["arn:aws:iam::111111111111:user/*"]], "approvals": 10},
        {"approvers": [[ROLE]], "approvals": 3, "named_session_roles": [ROLE]},
        {"approvers": [[ADA, BEN]], "approvals": 2, "excluded": ["starter"]},
        {"approvers": [[ADA, BEN]], "approvals": 1, "excluded": ["author"]},
        {"approvers": [[ROLE]], "excluded": ["author"], "unmapped_authors": "refuse"},
        {"approvers": [[ADA, AWAY]], "approvals": 2, "accounts": ["1" * 12, "2" * 12]},
    ],
)
def test_a_policy_that_can_be_fulfilled_is_sound(policy: dict[str, Any]) -> None:
    """Patterns may mean any number of persons."""
    assert said(**policy) is None


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"approvals": 2}, "required_approvals protect nothing without approvers"),
        ({"excluded": ["author"]}, "excluded_approvers protect nothing without approvers"),
        ({"approvals": 2, "excluded": ["starter"]}, "required_approvals and excluded_approvers protect nothing"),
        ({"approvers": [[ROLE]], "approvals": 2}, "2 approvals can never be reached"),
        ({"approvers": [[ADA, ADA]], "approvals": 2}, f"are 1 person ({ADA})"),
        ({"approvers": [[ADA, AWAY]], "approvals": 2}, f"are 1 person ({ADA})"),
        ({"approvers": [[ADA, BEN], [BEN, "*:role/*"]], "approvals": 2}, f"are 1 person ({BEN})"),
        ({"approvers": [[ADA], ["*:role/*"]]}, "are 0 persons (nobody)"),
        ({"approvers": [[ADA, BEN]], "approvals": 2, "people": {"a@b": [ADA, BEN]}}, "are 1 person"),
        ({"approvers": [[ADA, BEN]], "approvals": 2, "excluded": ["author"]}, "3 approvals can never be reached (one"),
        ({"approvers": [["arn:aws:sts::111111111111:assumed-role/release/ada"]]}, "names of release's sessions"),
        ({"approvers": [["arn:aws:sts::111111111111:assumed-role/release/*"]]}, "names of release's sessions"),
        ({"approvers": [["arn:aws:iam::111111111111:role/team/*"]]}, "do not tell a role's path"),
    ],
)
def test_a_policy_that_cannot_is_refused_with_the_reason(policy: dict[str, Any], words: str) -> None:
    """Before anybody waits at the gate for approvals that cannot come."""
    assert words in str(said(**policy))
