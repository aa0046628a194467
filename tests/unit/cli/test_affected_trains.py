"""`orchestrator affected`, where a merge would start trains."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.cli.main import app
from orchestrator.config.infrastructure import LEDGER_TABLE
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Train
from orchestrator.source.affected import LastStart
from orchestrator.source.catalog import read_catalog
from tests.ledger_table import make_ledger_table
from tests.source_repository import ORGANIZATION, Repository, unit

MEMBERS = ("invoices", "ledgers", "orders")
TRAIN = f"""
[[trains]]
name = "billing"
units = {json.dumps(MEMBERS)}
"""
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:orchestrator-train:billing-abc-1"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Three units of one train, and one beside them."""
    monkeypatch.setenv("ORCHESTRATOR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Repository(folder)
    organization = ORGANIZATION.replace("111111111111", "123456789012") + TRAIN
    files = {f"projects/{name}/pyproject.toml": unit() for name in (*MEMBERS, "reports")}
    made.commit({"orchestrator.toml": organization, **files})
    return made


def change(repository: Repository, *units: str) -> None:
    """Commit a change of some units."""
    repository.commit({f"projects/{name}/a.py": "changed" for name in units})


@pytest.fixture
def ledger(repository: Repository) -> Iterator[Ledger]:
    """All that is committed was started as one train, and one unit alone."""
    with mock_aws():
        found = Ledger(make_ledger_table(boto3.Session(region_name="eu-west-1"), LEDGER_TABLE), lambda: NOW)
        catalog = read_catalog(repository.read, "main")
        for name in catalog.names:
            execution = EXECUTION if name in MEMBERS else ""
            start = LastStart(catalog.digest(name), {}, catalog.commit.id, execution)
            found.branches.record_start("main", name, start)
        yield found


def affected(repository: Repository, *arguments: str) -> None:
    """Run the command."""
    app(args=["--repository", str(repository.folder), "affected", *arguments], standalone_mode=False)


def document(repository: Repository, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What it tells programs."""
    affected(repository, *arguments, "--output", "json")
    return json.loads(capsys.readouterr().out)


def test_members_that_changed_together_are_told_as_a_train(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """To people and to programs, others not; compared with another commit, no train is left under way."""
    change(repository, "orders", "invoices", "reports")
    affected(repository, "--since", "HEAD~1")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "invoices",
        "orders",
        "reports",
        "As the train billing: invoices, orders",
    ]
    told = document(repository, capsys, "--since", "HEAD~1")
    assert told["trains"] == {"billing": ["invoices", "orders"]}
    trains = {one["unit"]: one["train"] for one in told["units"]}
    assert trains == {"invoices": "billing", "ledgers": "", "orders": "billing", "reports": ""}
    assert told["problems"] == []


def test_where_all_units_are_new_all_members_go(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """As where there was no orchestrator.toml before."""
    file = repository.folder / "orchestrator.toml"
    text = file.read_text()
    file.unlink()
    repository.git.commit("Take it away")
    repository.commit({"orchestrator.toml": text})
    told = document(repository, capsys, "--since", "HEAD~1")
    assert told["trains"] == {"billing": list(MEMBERS)}


def test_a_member_that_changed_by_itself_goes_alone(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """As a merge would promote it."""
    change(repository, "orders")
    told = document(repository, capsys, "--since", "HEAD~1")
    assert [one["unit"] for one in told["units"] if one["affected"]] == ["orders"]
    assert told["trains"] == {}


def test_members_wait_for_one_that_is_not_valid(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """They are affected, and would not be promoted; what is to be mended is said beside."""
    change(repository, "orders")
    repository.commit({"projects/ledgers/pyproject.toml": "[project\n"})
    told = document(repository, capsys, "--since", "HEAD~2")
    assert {one["unit"]: one["waits"] for one in told["units"] if one["affected"]} == {"orders": True}
    assert "orders waits: the train 'billing' has ledgers as well, which is not valid." in told["problems"][0]
    affected(repository, "--since", "HEAD~2")
    assert "note: orders waits: the train 'billing'" in capsys.readouterr().err


@pytest.mark.parametrize(("outcome", "along"), [("STOPPED", True), ("ARRIVED", False)])
def test_members_of_a_train_that_has_not_arrived_are_told_to_go_along(
    outcome: str, *, along: bool, repository: Repository, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the ledger has it; where it has arrived, nothing is left of it."""
    began = {"name": "billing-abc-1", "execution": EXECUTION, "started_at": NOW, "status": "FAILED"}
    ledger.trains.begin(Train.model_validate({**began, "outcome": outcome}))
    change(repository, "orders")
    affected(repository, "--explain")
    said = capsys.readouterr().out
    assert "orders  changed " in said
    line = (
        "As the train billing: invoices, ledgers, orders "
        "(invoices, ledgers: not changed, but the last train with it has not arrived)"
    )
    assert (line in said) is along
    assert ("As the train" in said) is along
