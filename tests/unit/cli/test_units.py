"""`orchestrator units`: what there is, which train it is in, and what is wrong."""

from pathlib import Path

import pytest

from orchestrator.cli.guarded import NOT_CHECKED
from orchestrator.cli.main import app, main
from tests.source_repository import ORGANIZATION, Repository, unit

TRAIN = """
[[trains]]
name = "billing"
units = ["orders", "invoices", "ledgers"]
"""


def test_what_keeps_a_train_from_starting_is_told_before_the_merge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Members that are not there, and those that are not valid; with exit code 1."""
    repository = Repository(tmp_path)
    projects = {"orders": unit(), "reports": unit(), "invoices": "[project]\n"}
    files = {f"projects/{name}/pyproject.toml": text for name, text in projects.items()}
    templates = {f"projects/{name}/template.yaml": "Resources: {}\n" for name in projects}
    repository.commit({"orchestrator.toml": ORGANIZATION + TRAIN, **files, **templates})
    with pytest.raises(SystemExit) as ended:
        main(["--repository", str(tmp_path), "units"])
    assert ended.value.code == 1
    said = capsys.readouterr()
    rows = {line.split()[0]: line.split()[-1] for line in said.out.splitlines() if line}
    assert (rows["orders"], rows["reports"]) == ("billing", "dev")
    assert "'billing' has 'ledgers', of which there is no unit" in said.err
    assert "'billing' waits with all that a merge changes of it until invoices is valid" in said.err


def test_an_order_in_which_no_train_could_go_is_told_before_the_merge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also a name that means no unit: it would have no effect. One that is not valid is one for all that."""
    repository = Repository(tmp_path)
    after = {"orders": "reports", "invoices": "orders", "reports": "invoices", "ledgers": "order", "audits": "broken"}
    projects = {name: f'{unit()}after = ["{other}"]\n' for name, other in after.items()} | {"broken": "[project]\n"}
    files = {f"projects/{name}/pyproject.toml": text for name, text in projects.items()}
    repository.commit({"orchestrator.toml": ORGANIZATION, **files})
    with pytest.raises(SystemExit) as ended:
        main(["--repository", str(tmp_path), "units"])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "cycle: invoices -> orders -> reports -> invoices. Take one of these out" in said
    assert "ledgers is 'after' 'order', of which there is no unit: a train would not wait for it." in said
    assert "audits is 'after'" not in said


def test_a_glob_that_matches_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody meant another one; the units of the others are there."""
    repository = Repository(tmp_path)
    globs = 'units = ["serivces/*", "projects/*"]\n'
    repository.commit({"orchestrator.toml": f"{globs}{ORGANIZATION}", "projects/orders/pyproject.toml": unit()})
    app(args=["--repository", str(tmp_path), "units"], standalone_mode=False)
    said = capsys.readouterr()
    assert "orders" in said.out
    assert said.err.splitlines() == [
        f"note: {NOT_CHECKED}",
        "note: 'units' in orchestrator.toml names 'serivces/*', which matches nothing: correct it, or take it out.",
    ]
