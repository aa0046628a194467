"""A repository that is fetched from piece by piece, over a real git server."""

import os
from pathlib import Path

import pytest

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.export import export
from orchestrator.source.proxies import told_to_git
from orchestrator.source.remote_git import RemoteGitRepository
from tests.git_repository import GitRepository
from tests.proxy import Proxy

FILES = {
    "projects/orders/pyproject.toml": "[project]\n",
    "projects/orders/src/orders.py": "ORDERS = 1\n",
    "projects/other/src/other.py": "OTHER = 1\n",
    "shared/money.py": "cents = 100\n",
}


def write(folder: Path, files: dict[str, str]) -> str:
    """Write files and commit them; returns the commit's id."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return GitRepository(folder).commit("Change something")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository that answers partial fetches, as hosts do."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git = GitRepository(folder)
    git.begin()
    git("config", "uploadpack.allowFilter", "true")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    write(folder, FILES)
    return folder


@pytest.fixture
def remote(origin: Path) -> RemoteGitRepository:
    """The repository, over git's own protocol."""
    return RemoteGitRepository(origin.as_uri(), os.environ["PATH"])


def blobs(remote: RemoteGitRepository) -> set[str]:
    """The contents of files that were fetched."""
    folder = remote._folder  # noqa: SLF001  # What is there is the point of it.
    git = GitRepository(folder)
    listed = git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)").splitlines()
    return {git("cat-file", "blob", line.split()[1]) for line in listed if line.startswith("blob")}


def test_only_the_files_of_the_wanted_folders_are_fetched(remote: RemoteGitRepository, tmp_path: Path) -> None:
    """Neither those of other units nor those of other commits."""
    commit = remote.commit("main")
    assert set(remote.folders(commit.id, ["projects"])["projects"]) == {"orders", "other"}
    assert blobs(remote) == set()
    export(remote, commit.id, ["projects/orders", "shared"], tmp_path / "tree")
    found = [path for path in (tmp_path / "tree").rglob("*") if path.is_file()]
    exported = {path.relative_to(tmp_path / "tree").as_posix() for path in found}
    assert exported == {name for name in FILES if not name.startswith("projects/other")}
    assert blobs(remote) == {FILES[name] for name in exported}


def test_a_branch_that_moved_is_seen_and_an_older_commit_is_still_there(
    remote: RemoteGitRepository, origin: Path
) -> None:
    """A worker goes on for weeks."""
    first = remote.commit("main").id
    second = write(origin, {"shared/money.py": "cents = 10\n"})
    assert remote.commit("main").id == second
    assert remote.files(first, ["shared/money.py"]) == {"shared/money.py": b"cents = 100\n"}
    assert remote.files(second, ["shared/money.py"]) == {"shared/money.py": b"cents = 10\n"}


def test_commits_between_are_those_that_touch_the_folders(remote: RemoteGitRepository, origin: Path) -> None:
    """Their files are not fetched for it."""
    first = remote.commit("main").id
    touched = write(origin, {"shared/money.py": "cents = 10\n"})
    last = write(origin, {"projects/other/src/other.py": "OTHER = 2\n"})
    assert [one.id for one in remote.commits_between(first, last, ["shared"]).found] == [touched]
    assert blobs(remote) == set()


def test_a_host_that_knows_no_filters_sends_everything(origin: Path, tmp_path: Path) -> None:
    """Which is slower, and comes out the same."""
    GitRepository(origin)("config", "uploadpack.allowFilter", "false")
    remote = RemoteGitRepository(origin.as_uri(), os.environ["PATH"])
    export(remote, remote.commit("main").id, ["shared"], tmp_path / "tree")
    assert (tmp_path / "tree/shared/money.py").read_text() == FILES["shared/money.py"]


@pytest.mark.parametrize("revision", ["no-such-branch", "f" * 40, "--upload-pack=evil", "main:refs/heads/evil", "a b"])
def test_a_revision_that_is_none_is_refused_with_those_that_are(remote: RemoteGitRepository, revision: str) -> None:
    """And never taken for an option."""
    with pytest.raises(UnknownNameError, match=r"main.*full id"):
        remote.commit(revision)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what git says."""
    url = (tmp_path / "nothing").as_uri()
    with pytest.raises(SourceError, match=f"git fetch failed in {url}"):
        RemoteGitRepository(url, os.environ["PATH"]).commit("main")


@pytest.mark.parametrize(
    ("configured", "no_proxy", "said"),
    [(True, "*", "407"), (False, "example.com", "407"), (False, "127.0.0.1", "(?i)connect to 127.0.0.1")],
)
def test_hosts_are_reached_through_the_proxy(configured: bool, no_proxy: str, said: str) -> None:  # noqa: FBT001  # A case.
    """The configured one, else the environment's, unless that says otherwise. This one lets nobody through."""
    proxy = Proxy(wants="ada:secret")
    url = f"http://{proxy.host}"
    environment = {"HTTPS_PROXY": "http://127.0.0.1:1" if configured else url, "NO_PROXY": no_proxy}
    variables = told_to_git(url if configured else None, environment)
    remote = RemoteGitRepository("https://127.0.0.1:1/shop.git", os.environ["PATH"], variables)
    with pytest.raises(SourceError, match=said):
        remote.commit("main")
    proxy.close()
