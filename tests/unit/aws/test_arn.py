"""ARNs."""

import pytest

from orchestrator.aws.arn import role_of_session

SESSION = "arn:aws:sts::111111111111:assumed-role/orchestrator-plan/function"


@pytest.mark.parametrize(
    ("arn", "role"),
    [
        (SESSION, "arn:aws:iam::111111111111:role/orchestrator-plan"),
        ("arn:aws:iam::111111111111:user/somebody", "arn:aws:iam::111111111111:user/somebody"),
        ("arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:root"),
    ],
)
def test_a_session_has_the_role_behind_it(arn: str, role: str) -> None:
    """A trust policy names roles, not sessions."""
    assert role_of_session(arn) == role
