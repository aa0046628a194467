"""Requests to GitHub, over a server that does what servers do: limit, fail, dawdle, redirect."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.github.calls import BusyError
from orchestrator.source.github.repository import GitHubRepository
from orchestrator.source.github.transport import Https, Request, UnreachableError
from tests.git_repository import GitRepository
from tests.github.server import TOKEN, Answer, Asked, GitHubServer
from tests.unit.source.github.conftest import Clock

LIMIT = {"message": "API rate limit exceeded for installation ID 1."}


BRANCH = {"ref": "refs/heads/main", "object": {"type": "commit", "sha": "0" * 40}}


def test_a_limit_that_ends_soon_is_waited_for(
    repository: GitHubRepository, github: GitHubServer, clock: Clock, origin: GitRepository
) -> None:
    """For as long as GitHub says, and then the same is asked again."""
    github.once(Answer(LIMIT, 429, {"Retry-After": "7"}))
    assert repository.commit("main").id == origin.head
    assert clock.waits == [7]
    assert github.paths()[:2] == ["/git/ref/heads/main", "/git/ref/heads/main"]


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_ends_late_is_an_error_that_says_when(
    repository: GitHubRepository, github: GitHubServer, clock: Clock, status: int
) -> None:
    """And until then GitHub is not asked at all: whoever goes on is banned."""
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 1800)}
    github.once(Answer(LIMIT, status, reset))
    with pytest.raises(BusyError, match="takes requests again from 2023-11-14 22:43:21 UTC"):
        repository.commit("main")
    with pytest.raises(BusyError, match="2023-11-14 22:43:21"):
        repository.commit("main")
    assert len(github.asked) == 1
    clock.now += 1801
    assert repository.commit("main").subject == "Change something"


def test_the_last_request_of_an_hour_is_the_last(
    repository: GitHubRepository, github: GitHubServer, clock: Clock
) -> None:
    """Its own answer is good; the next one waits for the reset, not for a refusal."""
    github.once(Answer(BRANCH, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 20)}))
    with pytest.raises(UnknownNameError):
        repository.commit("main")
    assert clock.waits == [20]


def test_graphql_has_a_limit_of_its_own(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository
) -> None:
    """It says so in an answer that is a success otherwise."""
    commit = repository.commit("main").id
    github.scripts.append(lambda asked: _limited_query(asked, github))
    with pytest.raises(BusyError, match="rate limit for GraphQL is reached: API rate limit"):
        repository.files(commit, ["shared/money.py"])
    assert repository.folders(origin.head, ["projects"])["projects"].keys() == {"orders", "other"}


def _limited_query(asked: Asked, _github: GitHubServer) -> Answer | None:
    if asked.path != "/api/graphql":
        return None
    return Answer({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]})


def test_a_server_that_fails_for_a_moment_is_asked_again(
    repository: GitHubRepository, github: GitHubServer, clock: Clock, origin: GitRepository
) -> None:
    """With longer and longer waits."""
    for status in (502, 503, 500):
        github.once(Answer({"message": "Server Error"}, status))
    assert repository.commit("main").id == origin.head
    assert clock.waits == [1, 2, 4]


def test_a_server_that_keeps_failing_is_an_error(repository: GitHubRepository, github: GitHubServer) -> None:
    """After five attempts."""
    github.scripts.append(lambda _asked: Answer(b"<html>Unicorn!</html>", 503))
    with pytest.raises(BusyError, match=r"/git/ref/heads/main answers 503"):
        repository.commit("main")
    assert len(github.asked) == 5


def test_an_answer_of_somebody_in_between_is_told(repository: GitHubRepository, github: GitHubServer) -> None:
    """A proxy that asks for a login, say, with success."""
    github.scripts.append(lambda _asked: Answer(b"<html>Log in, please</html>"))
    with pytest.raises(SourceError, match="no JSON: something between"):
        repository.folders("a" * 40, ["shared"])


def test_an_answer_that_takes_too_long_is_given_up(certificate: tuple[Path, Path], github: GitHubServer) -> None:
    """Also when a byte comes now and then, so that nothing times out by itself."""
    github.scripts.append(lambda _asked: Answer(b"x" * 1000, seconds=0.02))
    send = Https(str(certificate[0]), whole_seconds=0.2)
    with pytest.raises(UnreachableError, match="too slowly"):
        send(Request(f"https://{github.host}/api/v3"), "Bearer x")


def test_a_server_that_is_not_there_is_named(opened: Callable[..., GitHubRepository], github: GitHubServer) -> None:
    """With what is wrong with it."""
    repository = opened(github)
    github.close()
    with pytest.raises(
        SourceError, match=rf"https://{github.host}/api/v3/repos/acme/shop/git/ref/heads/main could not be"
    ):
        repository.commit("main")


def test_a_server_that_cannot_prove_itself_gets_no_credentials(github: GitHubServer) -> None:
    """Its certificate is signed by nobody who is trusted."""
    with pytest.raises(UnreachableError, match="certificate verify failed"):
        Https()(Request(f"https://{github.host}/api/v3"), f"Bearer {TOKEN}")
    assert github.asked == []


def test_nothing_is_sent_in_the_clear() -> None:
    """Whatever a redirect or a next page names."""
    with pytest.raises(UnreachableError, match="over https:// only"):
        Https()(Request("http://127.0.0.1:1/api/v3"), f"Bearer {TOKEN}")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed_on_its_host(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository, status: int
) -> None:
    """As GitHub redirects: by the repository's number."""
    where = f"https://{github.host}/api/v3/repositories/1296269"

    def moved(asked: Asked) -> Answer | None:
        old, new = "/api/v3/repos/acme/shop", "/api/v3/repositories/1296269"
        if asked.path.startswith(old):
            return Answer({"message": "Moved"}, status, {"Location": where + asked.path.removeprefix(old)})
        if asked.path.startswith(new):
            github.scripts.remove(moved)
            answer = github.answer(Asked(asked.method, asked.path.replace(new, old), asked.headers, asked.body))
            github.scripts.append(moved)
            return answer
        return None

    github.scripts.append(moved)
    assert repository.commit("main").id == origin.head


@pytest.mark.parametrize("location", ["https://evil.example/api", "http://{host}/api", "//evil.example/", ""])
def test_credentials_go_to_no_other_host(repository: GitHubRepository, github: GitHubServer, location: str) -> None:
    """Nor to the same one without TLS."""
    github.scripts.append(lambda _asked: Answer(b"", 301, {"Location": location.format(host=github.host)}))
    with pytest.raises(SourceError, match="redirected to another host"):
        repository.commit("main")
    assert len(github.asked) == 1


def test_a_redirect_in_circles_ends(repository: GitHubRepository, github: GitHubServer) -> None:
    """After three."""
    github.scripts.append(lambda asked: Answer(b"", 302, {"Location": asked.path}))
    with pytest.raises(SourceError, match="redirected without end"):
        repository.commit("main")
    assert len(github.asked) == 4


def test_a_next_page_elsewhere_is_not_asked_for(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository
) -> None:
    """It would see the credentials."""
    link = {"Link": '<https://evil.example/page2>; rel="next"'}
    github.scripts.append(lambda asked: Answer([], headers=link) if "&path=" in asked.path else None)
    with pytest.raises(SourceError, match=r"another host \(https://evil.example/page2\)"):
        repository.commits_between("a" * 40, origin.head, ["shared"])
