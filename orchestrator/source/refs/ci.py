"""What the variables of usual CIs say of the commit that they have checked out."""

from collections.abc import Iterator, Mapping

from orchestrator.frozen import dataclass
from orchestrator.source.refs.branch import full_ref

# GitHub, Azure and CodeBuild name a ref in full, so that a tag or pull request is told from a branch.
_REFS = ("GITHUB_REF", "BUILD_SOURCEBRANCH", "CODEBUILD_WEBHOOK_HEAD_REF")
# GitLab, Jenkins (two), CircleCI, Bitbucket, Buildkite, Drone and Travis.
_BRANCHES = (
    "CI_COMMIT_BRANCH",
    "BRANCH_NAME",
    "GIT_BRANCH",
    "CIRCLE_BRANCH",
    "BITBUCKET_BRANCH",
    "BUILDKITE_BRANCH",
    "DRONE_BRANCH",
    "TRAVIS_BRANCH",
)
# Several CIs put the branch that it is to be merged into, or the tag, where otherwise the branch stands.
_REQUESTS = (
    "GITHUB_HEAD_REF",
    "CI_MERGE_REQUEST_IID",
    "CHANGE_ID",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",
    "CIRCLE_PR_NUMBER",
    "BITBUCKET_PR_ID",
    "BUILDKITE_PULL_REQUEST",
    "DRONE_PULL_REQUEST",
    "TRAVIS_PULL_REQUEST",
)
_TAGS = (
    "CI_COMMIT_TAG",
    "TAG_NAME",
    "CIRCLE_TAG",
    "BITBUCKET_TAG",
    "BUILDKITE_TAG",
    "DRONE_TAG",
    "TRAVIS_TAG",
)
_NONE = ("", "false")
_REMOTES = ("refs/heads/", "refs/remotes/origin/", "origin/")


@dataclass(frozen=True)
class Statement:
    """One variable that is set.

    Attributes:
        variable: its name.
        value: what it is set to.
        ref: what that says is checked out: a branch's ref, or another one; empty of a pull request without a ref.
    """

    variable: str
    value: str
    ref: str

    def __str__(self) -> str:
        return f"{self.variable}={self.value}"


def statements(environment: Mapping[str, str]) -> Iterator[Statement]:
    """What the environment says; what speaks against a branch comes first."""
    for name in _REQUESTS:
        yield from _read(environment, name, "")
    for name in _TAGS:
        yield from _read(environment, name, f"refs/tags/{environment.get(name)}")
    for name in _REFS:
        yield from _read(environment, name, environment.get(name, ""))
    for name in _BRANCHES:
        value = environment.get(name, "")
        prefix = next((one for one in _REMOTES if value.startswith(one)), "")
        yield from _read(environment, name, full_ref(value.removeprefix(prefix)))


def _read(environment: Mapping[str, str], name: str, ref: str) -> Iterator[Statement]:
    value = environment.get(name, "")
    if value not in _NONE:
        yield Statement(name, value, ref)
