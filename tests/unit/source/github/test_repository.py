"""A repository on GitHub, over a server that answers as GitHub does, out of a real repository."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.github.repository import GitHubRepository
from orchestrator.source.local_git import LocalGitRepository
from tests.git_repository import GitRepository
from tests.github.server import Answer, GitHubServer
from tests.unit.source.github.conftest import write

UNITS = 250


def queries(github: GitHubServer) -> int:
    """How many GraphQL queries there were."""
    return sum(one.method == "POST" for one in github.asked)


def commit_often(origin: GitRepository, count: int, folders: tuple[str, ...]) -> None:
    """Add files to some folders in turn, each in a commit of its own."""
    who = f"committer Test <test@example.com> {int(time.time())} +0000"
    commits = [
        f"commit refs/heads/main\n{who}\ndata 3\nAdd\n"
        + ("from refs/heads/main^0\n" if number == 0 else "")
        + f"M 100644 inline {folders[number % len(folders)]}/{number}.txt\ndata 1\n1\n"
        for number in range(count)
    ]
    command = ["git", "-C", str(origin.folder), "fast-import", "--quiet"]
    subprocess.run(command, input="\n".join(commits), text=True, check=True)
    origin("reset", "--quiet", "--hard")


def many(count: int) -> dict[str, str]:
    """So many units."""
    return {f"projects/unit{number}/pyproject.toml": f"[project]\nname = 'unit{number}'\n" for number in range(count)}


@pytest.fixture
def local(origin: GitRepository) -> LocalGitRepository:
    """The same repository, asked with git."""
    return LocalGitRepository(origin.folder, os.environ["PATH"])


def test_thousands_of_files_are_read_with_few_calls(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository
) -> None:
    """And the next merge reads what has changed alone."""
    first = write(origin, many(UNITS))
    paths = [*many(UNITS), "projects/other/pyproject.toml"]
    assert len(repository.files(first, paths)) == UNITS
    # The commit, the root, `projects`, and twice up to 200 files.
    assert len(github.asked) == 5
    github.asked.clear()
    second = write(origin, {"projects/unit7/pyproject.toml": "[project]\n"})
    assert repository.files(second, paths)["projects/unit7/pyproject.toml"] == b"[project]\n"
    assert len(github.asked) == 4
    (query,) = [one for one in github.asked if one.method == "POST"]
    assert len(query.body) < 500


def test_many_folders_are_listed_with_one_call(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository, local: LocalGitRepository
) -> None:
    """All that is below the folder that they are in."""
    commit = write(origin, many(UNITS))
    folders = [f"projects/unit{number}" for number in range(UNITS)]
    assert repository.folders(commit, folders) == local.folders(commit, folders)
    assert github.paths()[-1].endswith("?recursive=1")
    assert len(github.asked) == 4


def test_some_folders_are_listed_with_one_query(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository, local: LocalGitRepository
) -> None:
    """And none of them again while it stays as it is."""
    commit = write(origin, many(UNITS))
    folders = [f"projects/unit{number}" for number in range(30)]
    assert repository.folders(commit, folders) == local.folders(commit, folders)
    assert (len(github.asked), queries(github)) == (4, 1)
    later = write(origin, {"shared/money.py": "cents = 10\n"})
    assert repository.folders(later, folders[:20]) == local.folders(later, folders[:20])
    assert (len(github.asked), queries(github)) == (6, 1)


def test_a_tree_that_github_cuts_off_is_asked_for_in_parts(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository, local: LocalGitRepository
) -> None:
    """Nothing that was cut off is missing."""
    github.most_entries = 3
    commit = write(origin, many(UNITS))
    folders = [f"projects/unit{number}" for number in range(UNITS)]
    assert repository.folders(commit, folders) == local.folders(commit, folders)
    assert (len(github.asked), queries(github)) == (7, 3)


def test_a_folder_that_github_cuts_off_is_refused(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository
) -> None:
    """A unit that is left out must not look like one that was deleted."""
    github.scripts.append(
        lambda asked: Answer({"tree": [], "truncated": True}) if "/git/trees/" in asked.path else None
    )
    with pytest.raises(SourceError, match="more entries than GitHub lists"):
        repository.folders(origin.head, ["projects"])


def test_large_files_are_asked_for_by_themselves(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository
) -> None:
    """As are those that are no text: GraphQL cuts off the former and has nothing of the latter."""
    files: dict[str, str | bytes] = {
        "data/large.txt": "x" * 600_000,
        "data/binary.bin": bytes(range(256)),
        "data/latin.txt": "h\xe9".encode("latin-1"),
        "data/mark.txt": "\ufeffmark",
        "data/empty.txt": "",
    }
    commit = write(origin, files)
    repository.folders(commit, ["data"])
    expected = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    assert repository.files(commit, files) == expected
    assert queries(github) == 1
    assert sum(path.startswith("/git/blobs/") for path in github.paths()) == 3


def test_a_branch_that_stays_where_it_is_costs_nothing_of_the_rate_limit(
    repository: GitHubRepository, github: GitHubServer, origin: GitRepository
) -> None:
    """GitHub does not count what has not changed; what has is seen."""
    first = repository.commit("main")
    assert repository.commit("main") == first
    assert github.asked[-1].headers["if-none-match"]
    assert github.paths() == ["/git/ref/heads/main", f"/git/commits/{first.id}", "/git/ref/heads/main"]
    second = write(origin, {"shared/money.py": "cents = 10\n"})
    assert repository.commit("main").id == second


def test_history_takes_as_many_pages_as_there_are(
    repository: GitHubRepository, local: LocalGitRepository, origin: GitRepository, github: GitHubServer
) -> None:
    """For each of the two questions that are asked."""
    first = origin.head
    commit_often(origin, 230, ("shared", "projects/orders"))
    found = repository.commits_between(first, origin.head, ["shared", "projects/orders"])
    assert found == local.commits_between(first, origin.head, ["shared", "projects/orders"])
    assert (len(found.found), found.complete) == (230, True)
    assert len([path for path in github.paths() if path.startswith("/compare/")]) == 3
    assert len(repository.commits_between(first, origin.head, ["shared"]).found) == 115


def test_a_history_that_is_too_long_ends_early_and_says_so(
    repository: GitHubRepository, local: LocalGitRepository, origin: GitRepository, github: GitHubServer
) -> None:
    """The newest 250 are told, out of the newest thousand."""
    first = origin.head
    commit_often(origin, 1150, ("shared", "projects/orders"))
    found = repository.commits_between(first, origin.head, ["shared"])
    assert not found.complete
    assert found == local.commits_between(first, origin.head, ["shared"])
    assert len(github.asked) <= 21


@pytest.mark.parametrize(
    "revision",
    [
        "no-such-branch",
        "f" * 40,
        "f" * 64,
        "--upload-pack=evil",
        "../../../user",
        "main/..",
        "a b",
        "main~1",
        "",
        "./x",
    ],
)
def test_a_revision_that_is_none_is_refused_with_the_branches(
    repository: GitHubRepository, github: GitHubServer, revision: str
) -> None:
    """And leads to no other address of the API."""
    with pytest.raises(UnknownNameError, match=r"main.*only these are its branches"):
        repository.commit(revision)
    assert {path.split("/")[1].split("?")[0] for path in github.paths()} <= {"branches", "commits", "git"}


@pytest.mark.parametrize("branch", ["feature/one", "feature/#1+2", "\xfcber"])
def test_branches_may_be_called_what_git_allows(
    repository: GitHubRepository, origin: GitRepository, branch: str
) -> None:
    """Whatever of it means something in a URL."""
    origin("branch", branch)
    assert repository.commit(branch).id == origin.head


def test_a_repository_without_a_commit_has_no_branch(
    certificate: tuple[Path, Path], tmp_path: Path, opened: Callable[..., GitHubRepository]
) -> None:
    """GitHub calls that a conflict."""
    folder = tmp_path / "empty"
    folder.mkdir()
    GitRepository(folder).begin()
    server = GitHubServer(folder, *certificate)
    with pytest.raises(UnknownNameError, match="There is no commit yet"):
        opened(server).commit("main")
    server.close()


def test_a_repository_that_cannot_be_seen_is_told_as_that(
    certificate: tuple[Path, Path], origin: GitRepository, opened: Callable[..., Any]
) -> None:
    """GitHub does not tell whether it is not there or hidden."""
    server = GitHubServer(origin.folder, *certificate, full_name="acme/renamed")
    with pytest.raises(SourceError, match=r"acme/shop.* is not there, or these credentials may not see it"):
        opened(server).commit("main")
    server.close()


def test_a_file_that_arrives_altered_is_refused(
    repository: GitHubRepository, origin: GitRepository, github: GitHubServer
) -> None:
    """Its id is a hash of what it must be."""
    blob = origin("rev-parse", "HEAD:shared/money.py").strip()
    github.alter(blob, b"cents = 0\n")
    with pytest.raises(SourceError, match=f"the file {blob} is another one"):
        repository.files(origin.head, ["shared/money.py"])


def test_a_query_that_is_too_much_for_github_is_asked_in_parts(
    repository: GitHubRepository, origin: GitRepository, github: GitHubServer
) -> None:
    """It ends what takes longer than ten seconds."""
    commit = write(origin, many(UNITS))
    github.most_objects = 60
    assert len(repository.files(commit, many(UNITS))) == UNITS
    assert queries(github) > UNITS / 60
