"""Which units a merge affects, over a real git repository."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UnknownNameError
from orchestrator.source.affected import Reason, verdicts
from orchestrator.source.catalog import read_catalog
from orchestrator.source.digest import Input, unit_digest
from tests.source_repository import ORGANIZATION, Repository, judged, unit


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Two units; `invoices` uses `rules`, which uses `money`."""
    made = Repository(tmp_path)
    made.commit(
        {
            "orchestrator.toml": ORGANIZATION,
            "projects/orders/pyproject.toml": unit(),
            "projects/invoices/pyproject.toml": unit("projects/rules"),
            "projects/rules/pyproject.toml": unit("shared/money", library=True),
            "shared/money/money.py": "cents = 100\n",
        }
    )
    return made


def test_units_that_never_ran_are_new(repository: Repository) -> None:
    """Libraries are no units."""
    found = verdicts(read_catalog(repository.read, "main"), {})
    assert [(one.unit, one.reason) for one in found] == [("invoices", Reason.NEW), ("orders", Reason.NEW)]


def test_only_the_changed_unit_runs(repository: Repository) -> None:
    """What it is not built from does not matter."""
    new = repository.commit({"projects/orders/a.py": "", "README.md": "hello"})
    found = judged(repository, "main~1", new)
    assert found["orders"][0] is Reason.CHANGED
    assert found["invoices"][0] is Reason.UNCHANGED


def test_a_shared_folder_counts_through_others(repository: Repository) -> None:
    """The explanation tells the chain."""
    new = repository.commit({"shared/money/money.py": "cents = 10\n"})
    found = judged(repository, "main~1", new)
    assert found["invoices"][0] is Reason.CHANGED
    assert "shared/money changed (through projects/invoices -> projects/rules)" in found["invoices"][1]
    assert found["orders"][0] is Reason.UNCHANGED


def test_a_revert_to_what_ran_last_runs_nothing(repository: Repository) -> None:
    """Only content counts, not commits."""
    first = repository.commit({"projects/orders/a.py": "1"})
    repository.commit({"projects/orders/a.py": "2"})
    again = repository.commit({"projects/orders/a.py": "1"})
    assert judged(repository, first, again)["orders"][0] is Reason.UNCHANGED


def test_a_broken_unit_does_not_hold_the_others_back(repository: Repository) -> None:
    """It is listed with what is wrong."""
    new = repository.commit({"projects/orders/pyproject.toml": "[project]\n", "projects/invoices/a.py": ""})
    found = judged(repository, "main~1", new)
    assert found["orders"][0] is Reason.INVALID
    assert "project.version is missing" in found["orders"][1]
    assert found["invoices"][0] is Reason.CHANGED


def test_a_broken_unit_is_called_by_its_name(repository: Repository) -> None:
    """By its folder where others have that name, and by the name that is given to it where one is."""
    settings = '[unit."more/given"]\nname = "chosen"\n[unit."more/given-2"]\nname = "2"\n'
    broken = "[project]\n"
    repository.commit(
        {
            "orchestrator.toml": f'units = ["projects/*", "more/*"]\n{ORGANIZATION}\n{settings}',
            **{f"{folder}/pyproject.toml": broken for folder in ("projects/Tax", "more/orders", "more/given")},
            **{f"{folder}/pyproject.toml": broken for folder in ("projects/twice", "more/twice")},
            "more/given-2/pyproject.toml": unit(),
        }
    )
    found = judged(repository, "main~1", "main")
    named = {name for name, (reason, _) in found.items() if reason is Reason.INVALID}
    assert named == {"tax", "more/orders", "chosen", "projects/twice", "more/twice", "2"}


def test_a_dependency_that_is_not_there_is_a_problem_of_its_unit(repository: Repository) -> None:
    """Named with the file that names it."""
    new = repository.commit({"projects/orders/pyproject.toml": unit("projects/nothing")})
    found = judged(repository, "main~1", new)
    assert "projects/orders/pyproject.toml: tool.orchestrator.depends_on = 'projects/nothing'" in found["orders"][1]


@pytest.mark.parametrize("revision", ["no-such-branch", "--help", "main;ls"])
def test_a_revision_that_is_none_is_refused(repository: Repository, revision: str) -> None:
    """And never taken for an option."""
    with pytest.raises(UnknownNameError, match="main"):
        repository.read.commit(revision)


PLATFORM = "3.13/x86_64"
PATHS = st.text(st.characters(exclude_characters="\0\n", codec="utf-8"), min_size=1, max_size=20)
INPUTS = st.dictionaries(PATHS, st.text("0123456789abcdef", min_size=40, max_size=40), min_size=1, max_size=5)


@given(INPUTS)
def test_the_order_of_inputs_does_not_matter(inputs: dict[str, str]) -> None:
    """A digest is of a set."""
    made = [Input(path, identity) for path, identity in inputs.items()]
    assert unit_digest(made, PLATFORM) == unit_digest(reversed(made), PLATFORM)


@given(INPUTS, INPUTS)
def test_other_inputs_have_another_digest(one: dict[str, str], other: dict[str, str]) -> None:
    """And so has another platform."""
    first = unit_digest([Input(*pair) for pair in one.items()], PLATFORM)
    second = unit_digest([Input(*pair) for pair in other.items()], PLATFORM)
    assert (first == second) == (one == other)
    assert first != unit_digest([Input(*pair) for pair in one.items()], "3.13/arm64")
