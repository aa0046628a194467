"""Which units a look has to look at."""

import pytest

from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.repository import Mode
from orchestrator.steps.merge_event import Merge, MergeEvent
from orchestrator.steps.scope import units_to_look_at
from orchestrator.steps.surveys import Seen
from tests.source_repository import ORGANIZATION, unit
from tests.tree_repository import Files, TreeRepository

_MERGE = MergeEvent(detail=Merge(branch="main", commit="f" * 40))
_START: Files = {
    "orchestrator.toml": (Mode.FILE, ORGANIZATION),
    **{f"projects/{name}/pyproject.toml": (Mode.FILE, unit()) for name in "abc"},
    "projects/d/pyproject.toml": (Mode.FILE, unit("nowhere")),
}
_TRAIN = f'{ORGANIZATION}\n[[trains]]\nname = "both"\nunits = ["a", "b"]\n'


def _catalog(files: Files) -> Catalog:
    return read_catalog(TreeRepository({"main": files}), "main")


def _looked_at(files: Files, event: MergeEvent = _MERGE, run: int = 8, start: Files = _START) -> set[str] | None:
    return units_to_look_at(event, run, Seen(7, _catalog(start).surveyed), _catalog({**start, **files}))


def test_a_merge_has_those_looked_at_that_it_changes() -> None:
    """By what releases are made of, and by what state machines are made of."""
    assert _looked_at({}) == set()
    assert _looked_at({"projects/a/code.py": (Mode.FILE, "")}) == {"a"}
    assert _looked_at({"projects/a/pyproject.toml": (Mode.FILE, f'{unit()}requires_approval = ["dev"]\n')}) == {"a"}
    assert _looked_at({"projects/e/pyproject.toml": (Mode.FILE, unit())}) == {"e"}


def test_units_that_are_gone_are_looked_at() -> None:
    """They are retired."""
    now = {path: file for path, file in _START.items() if path != "projects/b/pyproject.toml"}
    seen = Seen(7, _catalog(_START).surveyed)
    assert units_to_look_at(_MERGE, 8, seen, _catalog(now)) == {"b"}


def test_without_a_merge_all_are_looked_at() -> None:
    """So that what was lost on its way is found."""
    assert _looked_at({}, MergeEvent(detail=Merge(branch="main"))) is None


@pytest.mark.parametrize("run", [7, 9])
def test_after_a_look_that_did_not_end_all_are_looked_at(run: int) -> None:
    """Nobody knows what it saw, and what of that it asked for."""
    assert _looked_at({}, run=run) is None
    assert units_to_look_at(_MERGE, 1, None, _catalog(_START)) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("orchestrator.toml", f"{ORGANIZATION}\n"),
        ("projects/d/pyproject.toml", unit()),
        ("projects/e/pyproject.toml", "[project]\n"),
    ],
)
def test_what_concerns_all_has_all_looked_at(path: str, text: str) -> None:
    """Environments, and folders of which nothing was known or is known."""
    assert _looked_at({path: (Mode.FILE, text)}) is None


def test_where_units_go_in_trains_all_are_looked_at() -> None:
    """Who goes along depends on how the others stand."""
    assert _looked_at({}, start={**_START, "orchestrator.toml": (Mode.FILE, _TRAIN)}) is None


def test_many_units_are_not_asked_about_one_by_one() -> None:
    """All are read in less time."""
    many: Files = {f"projects/u{number}/pyproject.toml": (Mode.FILE, unit()) for number in range(301)}
    assert _looked_at(many) is None
