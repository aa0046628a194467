"""Which units a push touches."""

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.source.catalog import survey
from orchestrator.source.pushes.touched import touched
from orchestrator.source.repository import Mode
from orchestrator.source.surveyed import Surveyed
from tests.source_repository import ORGANIZATION, unit
from tests.tree_repository import Files, TreeRepository

_START: Files = {
    "orchestrator.toml": (Mode.FILE, ORGANIZATION),
    "projects/a/pyproject.toml": (Mode.FILE, unit("libs/x")),
    "projects/b/pyproject.toml": (Mode.FILE, unit()),
    "projects/broken/pyproject.toml": (Mode.FILE, "["),
    "libs/x/code.py": (Mode.FILE, "1"),
}


def _found(files: Files) -> Surveyed | None:
    try:
        return survey(TreeRepository({"c": files}), "c")
    except ConfigurationError:
        return None


def _touched(*changes: Files, last: Files = _START) -> set[str]:
    """What a push from the first state to the last touches; a change of None deletes."""
    states = [{**_START, **change} for change in changes]
    return set(touched(*(_found(one) for one in states), _found(last)))  # type: ignore[call-arg]  # Two of them.


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        ({}, {}, set()),
        ({}, {"projects/a/code.py": (Mode.FILE, "")}, {"a"}),
        ({}, {"libs/x/code.py": (Mode.FILE, "2")}, {"a"}),
        ({}, {"README.md": (Mode.FILE, "")}, set()),
        ({}, {"projects/c/pyproject.toml": (Mode.FILE, unit())}, {"c"}),
        ({"projects/c/pyproject.toml": (Mode.FILE, unit())}, {}, {"c"}),
        ({}, {"projects/a/pyproject.toml": (Mode.FILE, "[")}, {"a"}),
        ({"projects/a/pyproject.toml": (Mode.FILE, "[")}, {}, {"a"}),
    ],
)
def test_those_are_touched_that_are_not_as_they_were(before: Files, after: Files, units: set[str]) -> None:
    """By what they are built from; what came, went, broke and was mended, too. What stays broken always is."""
    assert _touched(before, after) == {*units, "/projects/broken"}


def test_a_name_that_a_broken_folder_claims_is_not_touched() -> None:
    """Else whoever merges such a folder makes everybody who pushes later one who changed the other unit."""
    impostor: Files = {"projects/x/pyproject.toml": (Mode.FILE, f'{unit()}name = "a"\nno_such_key = 1\n')}
    assert _touched(impostor, impostor) == {"/projects/broken", "/projects/x"}


def test_what_cannot_be_read_may_touch_everything_that_is_known() -> None:
    """Before or after it; and where neither can be read, at what was found last."""
    invalid: Files = {"orchestrator.toml": (Mode.FILE, "[")}
    more: Files = {"projects/c/pyproject.toml": (Mode.FILE, unit())}
    assert _touched({}, invalid) == {"a", "b", "/projects/broken"}
    assert _touched(invalid, more) == {"a", "b", "c", "/projects/broken"}
    assert _touched(invalid, invalid) == {"a", "b", "/projects/broken"}
    assert touched(None, None, None) == {}


def test_the_digest_after_the_push_is_told() -> None:
    """Of a unit that is not valid then, there is none."""
    now = _found({**_START, "projects/a/code.py": (Mode.FILE, ""), "projects/b/pyproject.toml": (Mode.FILE, "[")})
    assert now is not None
    assert touched(_found(_START), now, None) == {"a": now.digests["a"], "b": "", "/projects/broken": ""}
