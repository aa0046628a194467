import os
from pathlib import Path

import pytest

from orchestrator.errors import UnknownNameError
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.refs.ancestry import UnknownHistoryError
from tests.git_repository import GitRepository
from tests.interrupted_git import interrupted


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A repository with a file that says which commit it is of, and a branch at the first one."""
    made = GitRepository(tmp_path / "shop")
    made.folder.mkdir()
    made.begin()
    for text in ("first", "second"):
        (made.folder / "file").write_text(text)
        made.commit(text)
    made("branch", "other", "main~1")
    return made


@pytest.mark.parametrize("meanwhile", ["update-ref refs/heads/other main", "update-ref -d refs/heads/other"])
def test_a_branch_that_moves_while_it_is_looked_up_is_one_commit(
    repository: GitRepository, tmp_path: Path, meanwhile: str
) -> None:
    """What is read of the commit is of that commit, and not of the one that the branch went to."""
    read = interrupted(repository.folder, tmp_path / "tools", meanwhile)
    commit = read.commit("other")
    assert commit.subject == "first"
    assert read.files(commit.id, ["file"]) == {"file": b"first"}


def test_a_commit_that_a_shallow_clone_does_not_have_is_asked_for_in_vain(
    repository: GitRepository, tmp_path: Path
) -> None:
    """As in CI, which clones no more than it builds."""
    shallow = GitRepository(tmp_path / "shallow")
    repository("clone", "--quiet", "--depth", "1", repository.folder.as_uri(), str(shallow.folder))
    read = LocalGitRepository(shallow.folder, os.environ["PATH"])
    assert read.commit("HEAD").subject == "second"
    with pytest.raises(UnknownNameError, match="It is a shallow clone: 'git fetch --unshallow' brings"):
        read.commit("HEAD~1")


def test_a_shallow_clone_does_not_tell_what_is_merged(tmp_path: Path) -> None:
    """It is not taken for all of the history; the advice helps."""
    origin = GitRepository(tmp_path / "origin")
    origin.folder.mkdir()
    origin.begin()
    first, newest = origin.commit("First"), origin.commit("Second")
    clone = tmp_path / "clone"
    origin("clone", "--quiet", "--depth=1", origin.folder.as_uri(), str(clone))
    assert LocalGitRepository(clone, os.environ["PATH"]).is_merged(newest, "main")
    with pytest.raises(UnknownHistoryError, match="git fetch --unshallow"):
        LocalGitRepository(clone, os.environ["PATH"]).is_merged(first, "main")
    GitRepository(clone)("fetch", "--quiet", "--unshallow")
    assert LocalGitRepository(clone, os.environ["PATH"]).is_merged(first, "main")
