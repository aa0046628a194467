"""What units are built from: globs, shared folders of shared folders, and cycles, in real repositories."""

from pathlib import Path

import pytest

from orchestrator.source.catalog import Catalog, read_catalog
from tests.source_repository import ORGANIZATION, Repository, judged, unit


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Nothing but the organization."""
    made = Repository(tmp_path)
    made.commit({"orchestrator.toml": ORGANIZATION})
    return made


def inputs(repository: Repository, name: str) -> list[str]:
    """The paths that a unit is built from."""
    return [one.path for one in read_catalog(repository.read, "main").inputs[name]]


def problem(catalog: Catalog, folder: str) -> str:
    """What is wrong with a folder."""
    return str(catalog.problems[folder])


def test_a_glob_names_every_folder_that_it_matches(repository: Repository) -> None:
    """Also those that come later; one that is added is told of."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit("projects/lib_*", "shared/*/core"),
            "projects/lib_a/pyproject.toml": unit(library=True),
            "projects/other/pyproject.toml": unit(),
            "shared/money/core/a.py": "",
            "shared/time/core/a.py": "",
            "shared/time/rest/a.py": "",
        }
    )
    assert inputs(repository, "orders") == [
        "projects/orders",
        "projects/lib_a",
        "shared/money/core",
        "shared/time/core",
    ]
    new = repository.commit({"projects/lib_b/pyproject.toml": unit(library=True)})
    assert "projects/lib_b changed (through projects/orders)" in judged(repository, "main~1", new)["orders"][1]


def test_the_whole_repository_is_nothing_to_depend_on(repository: Repository) -> None:
    """It is there, which the message does not deny."""
    commit = repository.commit({"projects/orders/pyproject.toml": unit(".")})
    said = problem(read_catalog(repository.read, commit), "projects/orders")
    assert "depends_on = '.' is not valid: it is the whole repository" in said


def test_a_folder_that_its_own_glob_matches_does_not_depend_on_itself(repository: Repository) -> None:
    """`libraries/*` in a library means all the others."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit("libraries/base"),
            "libraries/base/pyproject.toml": unit("libraries/*", library=True),
            "libraries/core/a.py": "",
        }
    )
    assert inputs(repository, "orders") == ["projects/orders", "libraries/base", "libraries/core"]


def test_a_glob_that_matches_nothing_is_refused(repository: Repository) -> None:
    """It is a mistake in writing, or what it meant is gone."""
    repository.commit({"projects/orders/pyproject.toml": unit("libs/*")})
    said = problem(read_catalog(repository.read, "main"), "projects/orders")
    assert "tool.orchestrator.depends_on = 'libs/*' is not valid: it matches nothing" in said


def test_sharing_goes_on_through_any_number_of_folders(repository: Repository) -> None:
    """The explanation is the whole chain, and the shortest one."""
    files = {f"shared/l{n}/pyproject.toml": unit(f"shared/l{n + 1}", library=True) for n in range(5)}
    repository.commit({"projects/orders/pyproject.toml": unit("shared/l0"), **files, "shared/l5/a.py": "1"})
    new = repository.commit({"shared/l5/a.py": "2"})
    chain = " -> ".join(["projects/orders", *(f"shared/l{n}" for n in range(5))])
    assert f"shared/l5 changed (through {chain})" in judged(repository, "main~1", new)["orders"][1]


@pytest.mark.parametrize(
    ("files", "cycle"),
    [
        ({"a": ["shared/b"], "b": ["shared/c"], "c": ["shared/a"]}, "shared/a -> shared/b -> shared/c -> shared/a"),
        ({"a": ["shared/a"]}, "shared/a -> shared/a"),
        ({"a": ["projects/orders"]}, "projects/orders -> shared/a -> projects/orders"),
    ],
)
def test_cycles_are_refused_by_name(repository: Repository, files: dict[str, list[str]], cycle: str) -> None:
    """For every unit that depends on them; the others go on."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit("shared/a"),
            "projects/invoices/pyproject.toml": unit("shared/a"),
            "projects/calendar/pyproject.toml": unit(),
            **{f"shared/{name}/pyproject.toml": unit(*needs, library=True) for name, needs in files.items()},
        }
    )
    catalog = read_catalog(repository.read, "main")
    assert list(catalog.names) == ["calendar"]
    assert cycle in problem(catalog, "projects/orders")
    assert "closes a cycle" in problem(catalog, "projects/invoices")


def test_a_folder_that_is_reached_on_two_ways_is_no_cycle(repository: Repository) -> None:
    """It is one input."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit("shared/a", "shared/b"),
            "shared/a/pyproject.toml": unit("shared/c", library=True),
            "shared/b/pyproject.toml": unit("shared/c", library=True),
            "shared/c/c.py": "",
        }
    )
    assert inputs(repository, "orders") == ["projects/orders", "shared/a", "shared/b", "shared/c"]
