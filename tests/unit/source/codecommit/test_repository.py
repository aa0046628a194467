"""What becomes of CodeCommit's errors, with a real client against a server that answers as the API documents it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.codecommit.repository import CodeCommitRepository
from orchestrator.source.refs.ancestry import UnknownHistoryError
from tests.codecommit.opened import opened
from tests.codecommit.server import LARGEST_BLOB, CodeCommitServer, RefusedError
from tests.git_repository import GitRepository


@pytest.fixture
def origin(tmp_path: Path) -> GitRepository:
    """A repository with one commit and some branches."""
    repository = GitRepository(tmp_path)
    repository.begin()
    (tmp_path / "projects" / "orders").mkdir(parents=True)
    (tmp_path / "projects" / "orders" / "a.py").write_text("ORDERS = 1\n")
    repository.commit("Begin")
    for name in ("one", "two", "three"):
        repository("branch", name)
    return repository


@pytest.fixture
def server(origin: GitRepository) -> Iterator[CodeCommitServer]:
    """What answers for it."""
    running = CodeCommitServer(origin.folder)
    yield running
    running.close()


@pytest.fixture
def repository(server: CodeCommitServer) -> CodeCommitRepository:
    """It, opened."""
    return opened(server)


def test_throttling_and_failures_of_the_service_are_waited_for(
    server: CodeCommitServer, repository: CodeCommitRepository, origin: GitRepository
) -> None:
    """By botocore, which tries again."""
    server.faults = [RefusedError("ThrottlingException"), RefusedError("InternalFailure", 500)]
    assert repository.commit("main").id == origin.head
    assert server.calls == ["GetBranch", "GetBranch", "GetBranch", "GetCommit"]


@pytest.mark.parametrize("kind", ["EncryptionKeyAccessDeniedException", "AccessDeniedException"])
def test_a_refusal_is_told_as_it_is(server: CodeCommitServer, repository: CodeCommitRepository, kind: str) -> None:
    """With the repository's name; trying again would not help."""
    server.faults = [RefusedError(kind)]
    with pytest.raises(SourceError, match=rf"codecommit://eu-west-1/shop cannot be read: .*{kind}"):
        repository.commit("main")
    assert len(server.calls) == 1


def test_a_repository_that_is_not_there_is_named(server: CodeCommitServer) -> None:
    """It is no branch that is missing."""
    with pytest.raises(SourceError, match=r"eu-west-1/nowhere cannot be read: .*RepositoryDoesNotExistException"):
        opened(server, "nowhere").commit("main")


def test_a_branch_that_is_not_there_is_refused_with_those_that_are(repository: CodeCommitRepository) -> None:
    """On whichever page of the list they are."""
    with pytest.raises(UnknownNameError, match="main, one, three, two"):
        repository.commit("nothing")


def test_a_file_that_is_too_large_is_told_with_what_to_do(
    repository: CodeCommitRepository, origin: GitRepository
) -> None:
    """CodeCommit gives it out to git alone."""
    (origin.folder / "large.bin").write_bytes(bytes(LARGEST_BLOB + 1))
    commit = origin.commit("Add a large file")
    with pytest.raises(SourceError, match=r"'large\.bin' .* larger than CodeCommit's API .*publish-source"):
        repository.files(commit, ["large.bin"])


def test_a_folder_is_asked_for_once(
    server: CodeCommitServer, repository: CodeCommitRepository, origin: GitRepository
) -> None:
    """However often it is looked into, and whatever is read of it."""
    commit = origin.head
    for _ in range(2):
        assert set(repository.folders(commit, ["projects/orders"])["projects/orders"]) == {"a.py"}
        assert repository.files(commit, ["projects/orders/a.py"]) == {"projects/orders/a.py": b"ORDERS = 1\n"}
    assert server.calls == ["GetFolder", "GetBlob", "GetBlob"]


def test_content_that_has_another_id_is_refused(
    server: CodeCommitServer, repository: CodeCommitRepository, origin: GitRepository
) -> None:
    """What is built is what the commit names."""
    server.swap = {origin("rev-parse", "HEAD:projects/orders/a.py").strip(): b"EVIL = 1\n"}
    with pytest.raises(SourceError, match="came with another content"):
        repository.files(origin.head, ["projects/orders/a.py"])


def test_what_is_far_from_the_newest_commit_counts_as_not_merged(
    server: CodeCommitServer, origin: GitRepository
) -> None:
    """Each commit is a call."""
    commits = [origin.commit(f"Change {number}") for number in range(12)]
    repository = opened(server, most_ancestors=10)
    assert repository.is_merged(commits[5], "main")
    with pytest.raises(UnknownHistoryError, match="not among the newest 10 that were looked at"):
        repository.is_merged(commits[0], "main")
