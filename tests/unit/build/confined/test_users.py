"""Users for builds."""

import pytest

from orchestrator.build.confined.users import own_user
from orchestrator.confine.features import FIRST_USER, LAST_USER, of_this_machine


@pytest.mark.skipif(not of_this_machine().users, reason="only root may have other users")
def test_no_two_builds_have_the_same_user_at_a_time() -> None:
    """Each would own the other's folders. What is free again is given out again."""
    features = of_this_machine()
    with own_user(features) as one, own_user(features) as other:
        assert one is not None
        assert other is not None
        assert one != other
        assert {one, other} <= set(range(FIRST_USER, LAST_USER + 1))
    with own_user(features) as again:
        assert again == one


def test_where_there_can_be_none_there_is_none() -> None:
    """The one that builds is the only one."""
    with own_user(of_this_machine()._replace(users=False)) as user:
        assert user is None
