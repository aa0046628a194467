"""The rule which commits may be built and promoted: those that the branch contains."""

from collections.abc import Collection

from orchestrator.errors import RequestError, SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.repository import SourceRepository

_MOST_BRANCHES = 100


class UnmergedError(RequestError):
    """A commit is not merged, and is not allowed where it is to go."""


def may_enter(environment: str, *, merged: bool, allow_unmerged: frozenset[str]) -> bool:
    """Decide whether a release may enter an environment, by whether its commit is merged.

    Args:
        environment: its name.
        merged: whether the branch contains the release's commit.
        allow_unmerged: the names of environments that the guardrails open to other commits.
    """
    return merged or environment in allow_unmerged


@dataclass(frozen=True)
class MergeRule:
    """Applies the rule.

    Args:
        repository: where the commits are.
        branch: the name of the branch whose merges are promoted.
        allow_unmerged: as for `may_enter`.
    """

    repository: SourceRepository
    branch: str
    allow_unmerged: frozenset[str] = frozenset()

    def is_merged(self, commit: str) -> bool:
        """Tell whether the branch contains a commit; raises as `SourceRepository.is_merged`."""
        return self.repository.is_merged(commit, self.branch)

    def check(self, what: str, commit: str, environments: Collection[str]) -> bool:
        """Refuse a commit that may not go where it is to go.

        Args:
            what: a unit or release, for the error.
            commit: full id.
            environments: names of those that it is to go to; none when it is only built.

        Returns:
            Whether the commit is merged.

        Raises:
            UnmergedError: it is not merged, and not allowed in one of the environments, or it is in no branch at all.
            SourceError: it is not known whether it is merged.
        """
        if self.is_merged(commit):
            return True
        allowed = self.allow_unmerged
        closed = [name for name in environments if not may_enter(name, merged=False, allow_unmerged=allowed)]
        if closed or not allowed:
            where = f" in {', '.join(closed)}" if closed else ""
            open_to = f"only in {', '.join(sorted(allowed))} ('to', --to)" if allowed else "in no environment"
            raise UnmergedError(
                f"{what} is refused{where}: {self.branch} of {self.repository.url} does not contain the commit "
                f"{commit}. Merge it into {self.branch}, and what it changes is promoted. The guardrails allow commits "
                f"that are not merged {open_to} ([repository] allow_unmerged)."
            )
        if not self._is_in_a_branch(commit):
            raise UnmergedError(
                f"{what} is refused: no branch of {self.repository.url} contains the commit {commit}, as with commits "
                "of forks, which are never built. Push it to a branch of the repository."
            )
        return False

    def _is_in_a_branch(self, commit: str) -> bool:
        branches = self.repository.branches()
        problem: SourceError | None = None
        for branch in branches[:_MOST_BRANCHES]:
            try:
                if self.repository.is_merged(commit, branch):
                    return True
            except SourceError as error:
                problem = error
        if problem:
            raise problem
        if len(branches) > _MOST_BRANCHES:
            raise SourceError(
                f"None of the first {_MOST_BRANCHES} branches of {self.repository.url} contains the commit {commit}, "
                f"and there are {len(branches)}: delete those that are merged, or merge the commit."
            )
        return False
