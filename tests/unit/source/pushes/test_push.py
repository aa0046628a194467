"""How a host's pushes are written."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.source.pushes.push import LONGEST_PUSHER, Push, github_pusher, known_commit, printable


@given(st.text(max_size=200))
def test_any_login_becomes_a_pusher(login: str) -> None:
    """Whatever is in it: whoever cannot be read must count as somebody unknown, instead of as nobody."""
    push = Push(pushed_by=github_pusher(login))
    assert push.pushed_by.isascii()
    assert push.pushed_by.isprintable()
    assert len(push.pushed_by) <= 107


@given(st.text(max_size=2000))
def test_any_principal_becomes_a_pusher(arn: str) -> None:
    """The same for what CodeCommit tells."""
    assert Push(pushed_by=printable(arn, LONGEST_PUSHER)).pushed_by


def test_a_login_stays_as_it_is() -> None:
    """Those of machines, too."""
    logins = ("ada", "Ada-L", "ada_acme", "dependabot[bot]")
    assert [github_pusher(login) for login in logins] == [f"github:{login}" for login in logins]


def test_zeros_are_no_commit() -> None:
    """GitHub writes them where a branch is made."""
    assert known_commit("0" * 40) is None
    assert known_commit(None) is None
    assert known_commit("main") is None
    assert known_commit("0" * 39 + "1") == "0" * 39 + "1"
