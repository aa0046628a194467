"""The first claim holds, whatever others ask for."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.ownership.claims import Claim, Claims

_NAMES = st.sampled_from(["a", "a-b", "a_b", "c"])
_FOLDERS = st.sampled_from(["x", "y", "z"])
_STACKS = st.frozensets(st.sampled_from(["1/r/app-a", "1/r/app-b", "2/r/app-a"]), max_size=2)
_NEEDS = st.lists(
    st.builds(Claim, _NAMES, _FOLDERS, _STACKS), max_size=3, unique_by=(lambda one: one.slug, lambda one: one.folder)
)


def _distinct(needs: list[Claim]) -> list[Claim]:
    """Units that are not refused for each other's stacks."""
    kept: list[Claim] = []
    for need in needs:
        if all(need.stacks.isdisjoint(other.stacks) for other in kept):
            kept.append(need)
    return kept


def _look(known: list[Claim], folders: set[str], needs: list[Claim], commit: str) -> list[Claim]:
    """Claims after a look at a commit in which some units are."""
    before = Claims(known, folders)
    allowed = [need for need in needs if not before.refusal(need)]
    changed = {claim.slug: claim for claim in before.changes(allowed, commit)}
    return list({**before.by_slug, **changed}.values())


@given(st.lists(_NEEDS, min_size=2, max_size=5))
def test_what_a_folder_owns_no_other_one_takes_while_a_unit_is_in_it(commits: list[list[Claim]]) -> None:
    """Over any history of commits; and no stack is ever claimed twice."""
    known: list[Claim] = []
    for number, drawn in enumerate(commits):
        needs = _distinct(drawn)
        folders = {need.folder for need in needs}
        now = _look(known, folders, needs, f"commit {number}")
        owners = {claim.slug: claim for claim in now}
        for claim in known:
            if claim.folder in folders or claim.vacant:
                assert owners[claim.slug].folder == claim.folder
        stacks = [stack for claim in now for stack in claim.stacks]
        assert len(stacks) == len(set(stacks))
        assert all(claim.vacant for claim in now if claim.folder not in folders)
        known = now


@given(_NEEDS)
def test_a_second_look_at_the_same_commit_changes_nothing(drawn: list[Claim]) -> None:
    """Looks may come as often as they like."""
    needs = _distinct(drawn)
    folders = {need.folder for need in needs}
    known = _look([], folders, needs, "commit")
    assert Claims(known, folders).changes(needs, "later") == []
    assert not any(Claims(known, folders).refusal(need) for need in needs)


def test_a_unit_that_is_renamed_in_its_folder_keeps_its_stack() -> None:
    """The stack is claimed by its new name then."""
    stack = frozenset({"1/r/app-a"})
    before, after = Claim("a", "x", stack), Claim("c", "x", stack)
    claims = Claims([before], {"x"})
    assert claims.refusal(after) == ""
    assert claims.changes([after], "commit") == [replace(before, stacks=frozenset()), after]


def test_a_stack_that_a_unit_no_longer_names_stays_its_own() -> None:
    """It may still be there."""
    claims = Claims([Claim("a", "x", frozenset({"1/r/old"}))], {"x", "y"})
    (changed,) = claims.changes([Claim("a", "x", frozenset({"1/r/new"}))], "commit")
    assert changed.stacks == {"1/r/old", "1/r/new"}
    refused = Claims([changed], {"x", "y"}).refusal(Claim("b", "y", frozenset({"1/r/old"})))
    assert refused == "the stack old of 1/r belongs to the unit 'a' in x"


def test_what_was_deleted_is_free() -> None:
    """But not what was only removed from the repository."""
    claim, need = Claim("a", "x", vacant="0123456789abcdef"), Claim("a", "y")
    assert "which was removed at 0123456789ab" in Claims([claim], {"y"}).refusal(need)
    assert Claims([claim], {"y"}, {"a"}).refusal(need) == ""
