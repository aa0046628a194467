"""`orchestrator affected`, asked again and again of a real repository."""

import json
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from orchestrator.cli.affected import lines
from orchestrator.cli.guarded import NOT_CHECKED
from orchestrator.cli.kept import Kept
from orchestrator.source.affected import Reason, Verdict
from orchestrator.source.catalog import read_catalog
from orchestrator.source.surveyed import TrainFacts
from tests.source_repository import ORGANIZATION, Repository, unit


@dataclass(frozen=True)
class _Command:
    """The command for a repository, with a cache of its own."""

    repository: Repository
    cache: Path

    def __call__(self, interpreter: tuple[str, ...] = ()) -> str:
        done = self.run("--explain", interpreter=interpreter)
        return done.stderr if interpreter else done.stdout

    def run(self, *options: str, interpreter: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Ask what is affected since the commit before."""
        return self.ask("affected", "HEAD", "--since", "HEAD~1", *options, interpreter=interpreter)

    def ask(self, *words: str, interpreter: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Call a command where nobody has credentials for AWS."""
        command = [sys.executable, *interpreter, "-m", "orchestrator.cli.main"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        home = {"HOME": str(self.cache.parent), "AWS_EC2_METADATA_DISABLED": "true"}
        environment = {**inherited, **home, "ORCHESTRATOR_CACHE_DIR": str(self.cache)}
        asked = [*command, "--repository", str(self.repository.folder), *words]
        return subprocess.run(asked, env=environment, check=True, capture_output=True, text=True)

    @property
    def kept(self) -> list[Path]:
        """The files in the cache."""
        return sorted(self.cache.rglob("*.json"))


@pytest.fixture
def command(tmp_path: Path) -> _Command:
    """Two units, one of which was changed last."""
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Repository(folder)
    files = {f"projects/{name}/pyproject.toml": unit() for name in ("orders", "invoices")}
    made.commit({"orchestrator.toml": ORGANIZATION, **files})
    made.commit({"projects/orders/a.py": ""})
    return _Command(made, tmp_path / "cache")


def test_what_is_kept_changes_no_answer(command: _Command) -> None:
    """Neither where all is known, nor where it was cut short, nor after the next commit."""
    first = command()
    assert "orders  changed  projects/orders changed since commit" in first
    assert "Nothing that the others (1) are built from changed" in first
    assert command() == first
    for path in command.kept:
        path.write_bytes(path.read_bytes()[:-10])
    assert command() == first
    command.repository.commit({"projects/invoices/a.py": ""})
    assert "invoices  changed  projects/invoices changed" in command()


def test_what_is_known_is_answered_without_the_models_of_the_configuration(command: _Command) -> None:
    """Nor with AWS's library: importing either takes longer than all the rest."""
    command()
    told = command(interpreter=("-X", "importtime"))
    imported = {line.rsplit("|", 1)[-1].strip() for line in told.splitlines() if line.startswith("import time:")}
    assert "orchestrator.source.catalog" in imported
    assert imported.isdisjoint({"pydantic", "boto3", "botocore", "rich", "orchestrator.source.together"})


def test_trains_are_told_of_without_the_models_of_the_configuration(command: _Command) -> None:
    """What of them it takes is kept with the rest."""
    table = '[[trains]]\nname = "billing"\nunits = ["orders", "invoices"]\n'
    command.repository.commit({"orchestrator.toml": f"{ORGANIZATION}\n{table}"})
    command.repository.commit({f"projects/{name}/a.py": "1" for name in ("orders", "invoices")})
    assert "As the train billing: invoices, orders" in command()
    told = command(interpreter=("-X", "importtime"))
    imported = {line.rsplit("|", 1)[-1].strip() for line in told.splitlines() if line.startswith("import time:")}
    assert "orchestrator.source.together" in imported
    assert imported.isdisjoint({"pydantic", "boto3", "botocore", "rich"})


def test_units_that_are_gone_and_units_that_are_not_valid_are_told(command: _Command) -> None:
    """Neither is promoted, which a list of the others would hide; programs are told as well."""
    (command.repository.folder / "projects/invoices/pyproject.toml").unlink()
    command.repository.commit({"projects/orders/pyproject.toml": unit("nowhere")})
    said = command.run()
    assert "0 of 1 units" in said.stdout
    unchecked, invalid, gone = said.stderr.splitlines()
    assert unchecked == f"note: {NOT_CHECKED}"
    assert invalid == "note: Not promoted, because they are not valid: orders. --explain says why."
    assert gone.startswith("note: Gone: invoices. A merge retires them, and what runs of them stays.")
    assert "with name = 'invoices'" in gone
    assert json.loads(command.run("--output", "json").stdout)["gone"] == ["invoices"]


def test_beside_a_commit_without_an_organization_all_units_are_new(command: _Command) -> None:
    """As in the merge that brings `orchestrator.toml`, or mends it."""
    command.repository.commit({"orchestrator.toml": "[tooling"})
    command.repository.commit({"orchestrator.toml": ORGANIZATION})
    said = command.run()
    assert said.stdout.splitlines()[1:] == ["invoices", "orders"]
    assert said.stderr.startswith(
        "note: All units are new, because those at HEAD~1 cannot be told: orchestrator.toml: "
    )


def test_nothing_is_kept_of_another_repository(command: _Command, tmp_path: Path) -> None:
    """Its commits are found out for themselves."""
    command()
    other = Kept(tmp_path / "elsewhere", command.cache)
    assert other.surveyed() == ()
    assert Kept(command.repository.folder, command.cache).surveyed() != ()


def test_what_is_kept_is_what_was_found(command: _Command, tmp_path: Path) -> None:
    """To the last input."""
    table = '[[trains]]\nname = "billing"\nunits = ["orders", "invoices"]\nto = "dev"\n'
    command.repository.commit({"orchestrator.toml": f"{ORGANIZATION}\n{table}"})
    catalog = read_catalog(command.repository.read, "main")
    assert catalog.surveyed.organization.trains == (
        TrainFacts("billing", ("orders", "invoices"), "alone", {"to": "dev"}),
    )
    kept = Kept(command.repository.folder, tmp_path / "other")
    kept.keep(catalog.surveyed)
    assert [replace(one, problems={}) for one in kept.surveyed()] == [replace(catalog.surveyed, problems={})]


def test_a_cache_that_cannot_be_written_to_does_not_matter(command: _Command) -> None:
    """The answer is there all the same."""
    command.cache.write_text("a file, and no folder")
    assert "1 of 2 units" in command()


def _said(judged: Collection[Verdict], *, explain: bool) -> list[str]:
    return list(lines(judged, 3, explain=explain))


def test_units_that_are_not_valid_are_explained() -> None:
    """Those that nothing happens to are counted."""
    judged = [Verdict("a", Reason.NEW, "", "new"), Verdict("b", Reason.INVALID, "", "broken")]
    judged += [Verdict("c", Reason.UNCHANGED, "", "same")]
    assert _said(judged, explain=False) == ["a"]
    explained = _said(judged, explain=True)
    assert explained[1] == "b  invalid  broken"
    assert "others (1) " in explained[2]


def test_without_credentials_a_commit_is_compared_with_the_one_before(command: _Command) -> None:
    """Which is said, with how to choose another one; programs are told the commit."""
    said = command.ask("affected")
    before = command.repository.git("rev-parse", "HEAD~1").strip()
    assert said.stdout.splitlines() == command.run().stdout.splitlines()
    assert said.stderr.startswith(
        f"note: Compared with the commit before, {before[:12]}, because what was promoted last"
    )
    assert "Unable to locate credentials" in said.stderr
    assert "--since names another one." in said.stderr
    assert json.loads(command.ask("affected", "--output", "json").stdout)["since"] == before


def test_without_credentials_the_first_commit_has_new_units_only(command: _Command) -> None:
    """There is none before it."""
    said = command.ask("affected", "HEAD~1")
    assert said.stdout.splitlines()[1:] == ["invoices", "orders"]
    assert "is the first commit, and what was promoted last is not known: AWS cannot be reached" in said.stderr


def test_without_credentials_a_merge_is_compared_with_what_it_was_merged_into(command: _Command) -> None:
    """Its first parent."""
    git = command.repository.git
    git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    command.repository.commit({"projects/invoices/b.py": ""})
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-edit", "topic")
    assert command.ask("affected").stdout.splitlines()[1:] == ["invoices"]


@pytest.mark.parametrize("words", [("units",), ("graph", "orders"), ("affected", "--suggest")])
def test_what_git_alone_can_answer_needs_no_credentials(words: tuple[str, ...], command: _Command) -> None:
    """Nor the files of the commit, which need not be checked out."""
    (command.repository.folder / "orchestrator.toml").unlink()
    assert command.ask(*words).stdout
    assert command.ask("affected").stdout.splitlines()[1:] == ["orders"]
