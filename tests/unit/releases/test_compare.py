"""Comparing documents."""

import io
import zipfile
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.releases.compare import Difference, differences, paths, template_differences, wheel_files

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_documents_differ_exactly_if_a_place_is_found(before: Any, after: Any) -> None:
    """And what is added one way is removed the other way."""
    there, back = list(paths(before, after)), list(paths(after, before))
    assert (not there) == (repr(before) == repr(after) or _same(before, after))
    swapped = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted((one.what, swapped[one.kind]) for one in there) == sorted((one.what, one.kind) for one in back)


def _same(before: Any, after: Any) -> bool:
    """Equal, whatever the order of keys; true is not 1."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return type(before) is type(after) and bool(before == after)


def test_places_are_named_as_deep_as_they_are() -> None:
    """Lists of another length are told as a whole."""
    before = {"a": {"b": [1, 2], "c": [1], "gone": 0}}
    after = {"a": {"b": [1, 3], "c": [1, 2], "new": 0}}
    assert list(paths(before, after)) == [
        Difference(kind="changed", what="a.b[1]", before=2, after=3),
        Difference(kind="changed", what="a.c", before=[1], after=[1, 2]),
        Difference(kind="removed", what="a.gone", before=0),
        Difference(kind="added", what="a.new", after=0),
    ]


def test_resources_come_and_go_as_a_whole() -> None:
    """With their types; what is in both is compared property by property."""
    before = {"Resources": {"A": {"Type": "T", "Properties": {"P": 1}}, "B": {"Type": "U"}}}
    after = {"Resources": {"A": {"Type": "T", "Properties": {"P": 2}}, "C": {"Type": "V"}}, "Outputs": {}}
    assert [(one.kind, one.what) for one in template_differences(before, after)] == [
        ("removed", "Resources.B (U)"),
        ("added", "Resources.C (V)"),
        ("changed", "Resources.A.Properties.P"),
        ("added", "Outputs"),
    ]


def test_files_of_wheels_are_compared_without_the_version_in_their_folder() -> None:
    """Metadata of two versions is the same file."""
    digest = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

    def wheel(version: str, *names: str) -> bytes:
        made = io.BytesIO()
        folder = f"orders-{version}.dist-info"
        rows = [f"{name},{digest},0" for name in (*names, f"{folder}/METADATA")] + [f"{folder}/RECORD,,"]
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr(f"{folder}/RECORD", "\n".join(rows))
        return made.getvalue()

    old, new = wheel_files(wheel("1", "a.py", "b.py")), wheel_files(wheel("2", "b.py", "c-1/d.py"))
    assert [(one.kind, one.what) for one in differences(old, new)] == [("removed", "a.py"), ("added", "c-1/d.py")]
    assert old["orders.dist-info/METADATA"].sha256.startswith("e3b0c44298fc1c14")
