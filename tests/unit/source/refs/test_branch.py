"""Names of branches, and their refs."""

import pytest

from orchestrator.source.refs.branch import branch_of, full_ref


@pytest.mark.parametrize("branch", ["main", "side/branch", "größe", "refs/heads/main", "heads/main"])
def test_a_ref_leads_back_to_its_branch(branch: str) -> None:
    """Also of a branch that is called like a ref."""
    assert branch_of(full_ref(branch)) == branch


@pytest.mark.parametrize(
    "revision",
    [
        "",
        "HEAD~1",
        "main^{tree}",
        "a b",
        "-n1",
        "../main",
        "a..b",
        "refs/tags/main",
        "refs/pull/7/head",
        "@{u}",
        "a.lock~",
    ],
)
def test_what_is_no_branch_has_none(revision: str) -> None:
    """Neither what git understands besides, nor refs of other kinds."""
    assert branch_of(revision) is None
