"""The rule which commits may go."""

import pytest

from orchestrator.errors import SourceError
from orchestrator.source.refs.merged import MergeRule, UnmergedError, may_enter
from tests.tree_repository import TreeRepository


class Branches(TreeRepository):
    """Branches, each with one commit of its name; some cannot be asked.

    Args:
        names: of branches.
        mute: those that nothing is known of.
    """

    def __init__(self, *names: str, mute: str = "") -> None:
        super().__init__({name: {} for name in names})
        self.mute = mute

    def is_merged(self, commit: str, branch: str) -> bool:
        """Whether it is this branch's."""
        if branch == self.mute:
            raise SourceError(f"Nothing is known of {branch}.")
        return super().is_merged(commit, branch)


def test_merged_commits_enter_everywhere_and_others_where_it_is_allowed() -> None:
    """By the environment's exact name."""
    assert may_enter("prod", merged=True, allow_unmerged=frozenset())
    assert may_enter("dev", merged=False, allow_unmerged=frozenset({"dev"}))
    assert not may_enter("dev", merged=False, allow_unmerged=frozenset())
    assert not may_enter("dev2", merged=False, allow_unmerged=frozenset({"dev"}))


def test_what_is_only_built_is_refused_where_nothing_is_allowed() -> None:
    """It could be promoted later; and building runs its code."""
    repository = Branches("main", "side")
    with pytest.raises(UnmergedError, match="in no environment"):
        MergeRule(repository, "main").check("orders", "side", ())
    assert MergeRule(repository, "main", frozenset({"dev"})).check("orders", "side", ()) is False
    assert MergeRule(repository, "main").check("orders", "main", ()) is True


def test_what_is_not_known_is_refused() -> None:
    """Of the branch, and of others where these count; what is known of one is enough."""
    allowed = frozenset({"dev"})
    with pytest.raises(SourceError, match="Nothing is known of main"):
        MergeRule(Branches("main", "side", mute="main"), "main", allowed).check("orders", "side", ["dev"])
    with pytest.raises(SourceError, match="Nothing is known of side"):
        MergeRule(Branches("main", "side", mute="side"), "main", allowed).check("orders", "fork", ["dev"])
    assert MergeRule(Branches("main", "side", "x", mute="x"), "main", allowed).check("o", "side", ["dev"]) is False


def test_a_repository_of_very_many_branches_is_not_looked_through() -> None:
    """Each is a question."""
    rule = MergeRule(Branches("main", *(f"side{number:03}" for number in range(150))), "main", frozenset({"dev"}))
    assert rule.check("orders", "side010", ["dev"]) is False
    with pytest.raises(SourceError, match="None of the first 100 branches of memory: contains the commit side140"):
        rule.check("orders", "side140", ["dev"])
