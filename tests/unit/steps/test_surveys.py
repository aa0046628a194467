"""What is kept of a branch from one look to the next."""

import pytest

from orchestrator.source.catalog import read_catalog
from orchestrator.source.repository import Mode
from orchestrator.source.surveyed import Surveyed
from orchestrator.steps.surveys import Seen, Surveys
from tests.memory_store import MemoryStore
from tests.source_repository import ORGANIZATION, unit
from tests.tree_repository import TreeRepository


@pytest.fixture
def surveyed() -> Surveyed:
    """One unit."""
    files = {"orchestrator.toml": (Mode.FILE, ORGANIZATION), "projects/a/pyproject.toml": (Mode.FILE, unit())}
    return read_catalog(TreeRepository({"main": files}), "main").surveyed


def test_a_cold_start_finds_what_was_kept(surveyed: Surveyed) -> None:
    """And which look that was."""
    store = MemoryStore()
    Surveys(store, "main", "code").keep(Seen(7, surveyed))
    assert Surveys(store, "main", "code").seen(7) == Seen(7, surveyed)


def test_a_warm_function_does_not_read_it_again(surveyed: Surveyed) -> None:
    """It knows it still."""
    store = MemoryStore()
    warm = Surveys(store, "main", "code")
    warm.keep(Seen(7, surveyed))
    assert warm.seen(7) == Seen(7, surveyed)
    assert store.reads == 0


def test_a_warm_function_reads_what_another_one_saw(surveyed: Surveyed) -> None:
    """What it knows itself is older; where nothing else is there, it is better than nothing."""
    store = MemoryStore()
    warm = Surveys(store, "main", "code")
    warm.keep(Seen(7, surveyed))
    Surveys(store, "main", "code").keep(Seen(8, surveyed))
    assert warm.seen(8) == Seen(8, surveyed)
    store.objects.clear()
    assert warm.seen(9) == Seen(8, surveyed)


def test_nothing_is_known_at_first() -> None:
    """So all is looked at."""
    assert Surveys(MemoryStore(), "main", "code").seen(0) is None


@pytest.mark.parametrize(("branch", "code"), [("other", "code"), ("main", "newer")])
def test_what_another_branch_or_another_version_found_is_not_used(surveyed: Surveyed, branch: str, code: str) -> None:
    """Another version may find something else."""
    store = MemoryStore()
    Surveys(store, "main", "code").keep(Seen(7, surveyed))
    assert Surveys(store, branch, code).seen(7) is None


def test_what_cannot_be_written_is_not_kept() -> None:
    """A date is a mistake of one unit's settings, and holds no other unit back."""
    text = f'{ORGANIZATION}\n[unit."projects/a"]\nname = 2026-01-01\n'
    files = {"orchestrator.toml": (Mode.FILE, text), "projects/a/pyproject.toml": (Mode.FILE, unit())}
    surveyed = read_catalog(TreeRepository({"main": files}), "main").surveyed
    assert list(surveyed.problems) == ["projects/a"]
    store = MemoryStore()
    warm = Surveys(store, "main", "code")
    warm.keep(Seen(7, surveyed))
    assert store.objects == {}
    assert warm.seen(7) == Seen(7, surveyed)


def test_what_was_damaged_is_not_used(surveyed: Surveyed) -> None:
    """It is found anew."""
    store = MemoryStore()
    Surveys(store, "main", "code").keep(Seen(7, surveyed))
    store.objects = {key: content[:-10] for key, content in store.objects.items()}
    assert Surveys(store, "main", "code").seen(7) is None
