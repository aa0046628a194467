"""The check that what a clone has checked out is merged: before it is published as the newest commit of a branch."""

from collections.abc import Mapping

from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.refs.branch import full_ref
from orchestrator.source.refs.ci import statements

_HEAD = "HEAD"


@dataclass(frozen=True)
class Checkout:
    """A clone, on a person's machine or in CI.

    Args:
        repository: the clone.
        environment: of the process, where CI says what it has checked out.
    """

    repository: LocalGitRepository
    environment: Mapping[str, str]

    def require_merged(self, commit: str, branch: str, *, is_said: bool) -> None:
        """Refuse a commit of which nothing tells that a branch contains it.

        The branch as it was fetched comes first, then what CI says. A person's word counts as far as CI does not
        contradict it.

        Args:
            commit: full id.
            branch: the branch's name.
            is_said: whether the caller says so.

        Raises:
            RequestError: it is not known to be merged.
        """
        if self.repository.contains(f"refs/remotes/origin/{branch}", commit):
            return
        said = list(statements(self.environment))
        for one in said:
            if one.ref != full_ref(branch):
                raise RequestError(
                    f"{one} says that this CI runs for something else than the branch {branch}, which is promoted, and "
                    f"refs/remotes/origin/{branch} does not contain the commit {commit}. Publish after merges to "
                    f"{branch} alone."
                )
        if is_said:
            return
        ref = self.repository.head()
        is_on_branch = bool(said) or ref == full_ref(branch)
        if is_on_branch and self.repository.contains(_HEAD, commit):
            return
        if self.repository.contains(full_ref(branch), commit):
            return
        raise RequestError(self._refused(commit, branch, ref))

    def _refused(self, commit: str, branch: str, ref: str | None) -> str:
        where = f"on the branch {ref.removeprefix(full_ref(''))}" if ref else "at no branch, as CI makes many,"
        return (
            f"This clone is {where} and {branch} is promoted ([repository] branch of orchestrator.toml). Nothing here "
            f"tells that {branch} contains the commit {commit}. Publish after merges to {branch} alone. Fetch it with "
            f"'git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}'. Where this runs after merges to "
            f"{branch} alone, say so with --branch {branch}; another --branch publishes it and promotes nothing."
        )
