"""Guardrails on names: the first rule whose pattern matches decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.ownership.rules import ANY_FOLDER, NameRules, misplaced

_RULES: NameRules = (("pay-*", "payments/**"), ("pay-old", "**"), ("core", "."), ("*-api", "*/api"))


@pytest.mark.parametrize(
    ("name", "folder", "refused_for"),
    [
        ("pay-out", "payments/out", ""),
        ("pay-out", "payments", ""),
        ("pay-out", "projects/out", "payments/**"),
        ("pay-old", "projects/old", "payments/**"),
        ("core", "", ""),
        ("core", "core", "."),
        ("shop-api", "shop/api", ""),
        ("shop-api", "shop/deep/api", "*/api"),
        ("orders", "anywhere", ""),
    ],
)
def test_a_rule_says_which_folders_may_use_a_name(name: str, folder: str, refused_for: str) -> None:
    """`*` stays within a name of the path, `**` is any number of folders, `.` is the root."""
    assert misplaced(name, folder, _RULES) == refused_for


@given(st.text(max_size=9), st.text(max_size=9))
def test_without_rules_any_folder_may_use_any_name(name: str, folder: str) -> None:
    """The default."""
    assert misplaced(name, folder, ANY_FOLDER) == ""


@given(
    st.sampled_from(["pay-x", "core", "b-api", "other"]), st.sampled_from(["payments/x", "", "a/api", "b"]), st.data()
)
def test_rules_after_the_one_that_matches_change_nothing(name: str, folder: str, data: st.DataObject) -> None:
    """So an administrator reads them from the top."""
    later = data.draw(st.lists(st.sampled_from([("*", "never"), ("pay-*", "**"), ("core", "x")]), max_size=3))
    first = (name, "payments/*")
    assert misplaced(name, folder, (first, *later)) == misplaced(name, folder, (first,))
