from pathlib import Path

import pytest

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
