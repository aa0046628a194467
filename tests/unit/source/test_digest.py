"""What a digest depends on, over a real git repository: what a release is made of, and nothing else."""

import os
from pathlib import Path

import pytest

from orchestrator.source.catalog import read_catalog
from orchestrator.source.surveyed import Surveyed
from tests.source_repository import ORGANIZATION, Repository, unit

_PROJECT = '[project]\nname = "orders"\nversion = "1.0"\n'
_FILE = "projects/orders/pyproject.toml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One unit with a program beside its project file."""
    made = Repository(tmp_path)
    made.commit({"orchestrator.toml": ORGANIZATION, _FILE: _PROJECT, "projects/orders/run.sh": "exit 0\n"})
    return made


def digest(repository: Repository, commit: str = "main", bases: tuple[Surveyed, ...] = ()) -> str:
    """The unit's digest at a commit."""
    return read_catalog(repository.read, commit, bases).digest("orders")


@pytest.mark.parametrize(
    "settings",
    [
        'environments = ["dev"]',
        'requires_approval = ["dev"]',
        "required_approvals.dev = 3",
        'approvers.dev = ["arn:aws:iam::111111111111:role/release"]',
        'concurrency = "queued"',
        "# Only a comment.",
    ],
)
def test_what_only_the_state_machines_are_made_of_does_not_count(repository: Repository, settings: str) -> None:
    """So it is changed without building anything anew."""
    before = digest(repository)
    repository.commit({_FILE: f"{_PROJECT}[tool.orchestrator]\n{settings}\n"})
    assert digest(repository) == before


@pytest.mark.parametrize(
    "text",
    [
        f'{_PROJECT}[tool.orchestrator]\nparameters.default = {{ LogLevel = "INFO" }}\n',
        f'{_PROJECT}[tool.orchestrator]\nsmoke_tests = [{{ url = "https://example.com" }}]\n',
        f'{_PROJECT}[tool.orchestrator]\ntemplate = "other.yaml"\n',
        f'{_PROJECT}[tool.orchestrator]\nstack_name = "app-shop"\n',
        f"{_PROJECT}[tool.hatch]\nx = 1\n",
        _PROJECT.replace("1.0", "1.1"),
    ],
)
def test_what_a_release_is_made_of_counts(repository: Repository, text: str) -> None:
    """Also settings of the deployment: releases hold them, and they reach the accounts by promotions only."""
    before = digest(repository)
    repository.commit({_FILE: text})
    assert digest(repository) != before


def test_the_hosts_that_are_opened_to_the_unit_count(repository: Repository) -> None:
    """What was built with others is another release; those of other units, their order and repetition do not count."""
    files = {
        "closed": ORGANIZATION,
        "opened": '{0}\n[build]\nnetwork = ["a.example.com", "b.example.com"]\n',
        "the other way round": '{0}\n[build]\nnetwork = ["b.example.com", "a.example.com", "b.example.com"]\n',
        "one of them": '{0}\n[build]\nnetwork = ["a.example.com"]\n',
        "as private": '{0}\n[build]\nnetwork = ["private:a.example.com"]\n',
        "to others": '{0}\n[build]\nnetwork = ["a.example.com"]\nnetwork_units = ["ml-*"]\n',
    }
    found = {}
    for name, text in files.items():
        repository.commit({"orchestrator.toml": text.replace("{0}", ORGANIZATION)})
        found[name] = digest(repository)
    assert found["the other way round"] == found["opened"]
    assert found["to others"] == found["closed"]
    assert len(set(found.values())) == 4


def test_a_files_mode_counts(repository: Repository) -> None:
    """A program is another thing than a text, and a link than a file with its target's name."""
    before = digest(repository)
    (repository.folder / "projects/orders/run.sh").chmod(0o755)
    repository.commit({})
    assert digest(repository) != before


def test_an_app_that_is_synthesized_for_each_environment_depends_on_them(repository: Repository) -> None:
    """Another environment needs another template."""
    repository.commit({"projects/orders/cdk.json": "{}"})
    before = digest(repository)
    more = '\n[[environments]]\nname = "prod"\naccount = "333333333333"\nregion = "eu-west-1"\n'
    repository.commit({"orchestrator.toml": ORGANIZATION + more})
    after = digest(repository)
    assert after != before
    repository.commit({_FILE: f'{_PROJECT}[tool.orchestrator]\nenvironments = ["dev"]\n'})
    assert digest(repository) == before


def test_what_was_read_before_is_not_read_again(repository: Repository) -> None:
    """And has the same digest: what is new beside it is all that is looked at."""
    before = read_catalog(repository.read, "main").surveyed
    repository.commit({"projects/invoices/pyproject.toml": unit()})
    after = read_catalog(repository.read, "main", (before,)).surveyed
    assert after.known["projects/orders"] is before.known["projects/orders"]
    assert after.digests["orders"] == before.digests["orders"]
    assert list(after.folders) == ["invoices", "orders"]


@pytest.mark.parametrize("name", ["naïve.txt", "with space", 'quo"te'])
def test_names_of_all_kinds_are_told_apart(repository: Repository, name: str) -> None:
    """They are listed as git keeps them."""
    before = digest(repository)
    commit = repository.commit({f"projects/orders/{name}": ""})
    listed = repository.read.folders(commit, ["projects/orders"])["projects/orders"]
    assert set(listed) == {"pyproject.toml", "run.sh", name}
    assert digest(repository) != before


def test_a_name_that_is_not_text_counts_too(repository: Repository) -> None:
    """Git takes any bytes but a slash for a name."""
    before = digest(repository)
    Path(os.fsdecode(os.fsencode(repository.folder / "projects/orders") + b"/\xff")).write_text("")
    repository.commit({})
    assert digest(repository) != before
