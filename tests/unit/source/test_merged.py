"""What counts as merged."""

import os
from pathlib import Path

import pytest

from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.merged import is_merged
from tests.git_repository import GitRepository


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    """A repository with two commits on its branch."""
    made = GitRepository(tmp_path)
    made.begin()
    for number in (1, 2):
        _write(made, "orders", str(number))
        made.commit(f"Change {number}")
    return made


def asked(git: GitRepository, commit: str, branch: str = "main") -> bool:
    """Whether the unit `orders` is merged at a commit."""
    repository = LocalGitRepository(git.folder, os.environ["PATH"])
    return is_merged(repository, branch, commit, ["projects/orders"])


def test_what_is_on_the_branch_is_merged(git: GitRepository) -> None:
    """Its newest commit, and those before it."""
    assert asked(git, git.head)
    assert asked(git, git("rev-parse", "HEAD~1").strip())


def test_a_change_of_the_unit_on_another_branch_is_not(git: GitRepository) -> None:
    """Until it is merged, by whichever way; a change of something else alone does not matter."""
    git("checkout", "--quiet", "-b", "topic")
    _write(git, "invoices", "1")
    assert asked(git, git.commit("Change another unit"))
    _write(git, "orders", "3")
    changed = git.commit("Change it")
    assert not asked(git, changed)
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "topic")
    assert asked(git, changed)


def test_what_cannot_be_known_is_not_merged(git: GitRepository) -> None:
    """A branch that is not there, and a commit that shares nothing with it."""
    assert not asked(git, git.head, "trunk")
    git("checkout", "--quiet", "--orphan", "stranger")
    assert not asked(git, git.commit("Begin anew"))


def _write(git: GitRepository, unit: str, text: str) -> None:
    folder = git.folder / "projects" / unit
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "file").write_text(text)
