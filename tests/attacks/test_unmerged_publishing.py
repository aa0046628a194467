"""A CI that runs for every branch, for pull requests and for tags publishes what nobody has merged."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.errors import OrchestratorError, RequestError
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.refs.checkout import Checkout
from tests.git_repository import GitRepository

NO_CI: Mapping[str, str] = {}
GITHUB_PULL = {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_HEAD_REF": "feature"}
GITLAB_MERGE_REQUEST = {"CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_REF_NAME": "main"}
JENKINS_CHANGE = {"BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_TARGET": "main"}
TRAVIS_PULL = {"TRAVIS_BRANCH": "main", "TRAVIS_PULL_REQUEST": "7"}
TRAVIS_TAG = {"TRAVIS_BRANCH": "main", "TRAVIS_TAG": "main", "TRAVIS_PULL_REQUEST": "false"}


class Clone:
    """A clone as CI makes it: main as it was fetched, and a commit that is not in it, checked out at no branch.

    Args:
        folder: a folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        origin = GitRepository(folder / "origin")
        origin.folder.mkdir()
        origin.begin()
        self.first = origin.commit("One")
        self.merged = origin.commit("Two")
        origin("checkout", "--quiet", "-b", "feature")
        self.unmerged = origin.commit("Three")
        self.git = GitRepository(folder / "clone")
        origin("clone", "--quiet", str(origin.folder), str(self.git.folder))
        self.git("checkout", "--quiet", "--detach", self.unmerged)

    def forget_main(self) -> None:
        """Forget where the branch is, as in a clone of one commit."""
        self.git("update-ref", "-d", "refs/remotes/origin/main")

    def publishes(self, commit: str, ci: Mapping[str, str] = NO_CI, *, is_said: bool = False) -> bool:
        """Whether a commit may be published as the newest of main."""
        repository = LocalGitRepository(self.git.folder, os.environ["PATH"])
        try:
            Checkout(repository, ci).require_merged(commit, "main", is_said=is_said)
        except RequestError:
            return False
        return True


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone."""
    return Clone(tmp_path)


@pytest.mark.parametrize("knows_main", [True, False])
@pytest.mark.parametrize(
    "ci",
    [
        {},
        GITHUB_PULL,
        GITLAB_MERGE_REQUEST,
        JENKINS_CHANGE,
        TRAVIS_PULL,
        TRAVIS_TAG,
        {"GITHUB_REF": "refs/heads/feature"},
        {"GITHUB_REF": "refs/tags/main"},
        {"CI_COMMIT_BRANCH": "feature"},
        {"GIT_BRANCH": "origin/feature"},
        {"BUILD_SOURCEBRANCH": "refs/pull/7/merge"},
        {"CIRCLE_BRANCH": "pull/7"},
        {"BITBUCKET_BRANCH": "main", "BITBUCKET_PR_ID": "7"},
        {"GITHUB_REF": "refs/heads/main", "GITHUB_HEAD_REF": "feature"},
    ],
    ids=lambda ci: "+".join(ci) or "no variables",
)
def test_a_commit_that_is_not_merged_is_refused(clone: Clone, ci: dict[str, str], *, knows_main: bool) -> None:
    """Checked out at no branch, or named by its id; where CI says what it runs for, a fixed --branch does not help."""
    if not knows_main:
        clone.forget_main()
    assert not clone.publishes(clone.unmerged, ci)
    if ci:
        assert not clone.publishes(clone.unmerged, ci, is_said=True)
    assert clone.publishes(clone.merged, ci) == knows_main


@pytest.mark.parametrize(
    "ci",
    [
        {"GITHUB_REF": "refs/heads/main"},
        {"CI_COMMIT_BRANCH": "main"},
        {"BRANCH_NAME": "main", "GIT_BRANCH": "origin/main"},
        {"BUILD_SOURCEBRANCH": "refs/heads/main"},
        {"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/main"},
        {"CIRCLE_BRANCH": "main"},
        {"BITBUCKET_BRANCH": "main"},
        {"BUILDKITE_BRANCH": "main", "BUILDKITE_PULL_REQUEST": "false"},
        {"TRAVIS_BRANCH": "main", "TRAVIS_PULL_REQUEST": "false", "TRAVIS_TAG": ""},
    ],
    ids="+".join,
)
def test_what_ci_says_counts_for_what_it_has_checked_out(clone: Clone, ci: dict[str, str]) -> None:
    """And for what came before it, but for no other commit."""
    clone.forget_main()
    clone.git("checkout", "--quiet", "--detach", clone.merged)
    assert clone.publishes(clone.merged, ci)
    assert clone.publishes(clone.first, ci)
    assert not clone.publishes(clone.unmerged, ci)


def test_a_person_says_so_where_no_ci_contradicts(clone: Clone) -> None:
    """They have the credentials that the CI has."""
    clone.forget_main()
    assert clone.publishes(clone.merged, is_said=True)


def test_a_tag_or_file_called_like_the_branch_is_not_it(clone: Clone) -> None:
    """Neither as what is checked out nor as what was fetched."""
    clone.git("tag", "main", clone.unmerged)
    clone.git("tag", "refs/remotes/origin/main", clone.unmerged)
    clone.git("tag", "refs/heads/main", clone.unmerged)
    (clone.git.folder / "main").write_text("a file")
    assert not clone.publishes(clone.unmerged)
    clone.git("checkout", "--quiet", "-B", "main", clone.merged)
    assert clone.publishes(clone.merged)


def test_the_advice_helps(clone: Clone) -> None:
    """Fetching the branch is enough for a commit that it contains."""
    clone.forget_main()
    clone.git("checkout", "--quiet", "--detach", clone.merged)
    repository = LocalGitRepository(clone.git.folder, os.environ["PATH"])
    with pytest.raises(OrchestratorError, match="at no branch, as CI makes many, and main is promoted") as refused:
        Checkout(repository, {}).require_merged(clone.merged, "main", is_said=False)
    clone.git(*str(refused.value).split("'git ")[1].split("'")[0].split())
    assert clone.publishes(clone.merged)
